"""What the usage pages draw: `grids` and `bars` decide the shapes, `svg` writes them for a page or a file."""
