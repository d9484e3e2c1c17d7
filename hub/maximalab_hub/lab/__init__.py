"""The one-command lab: sets up, starts and supervises every process of a lab on one machine."""
