"""Records what happens in a student's server and delivers it to the usage service."""
