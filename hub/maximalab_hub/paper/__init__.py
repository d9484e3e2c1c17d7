"""Paper: reports as PDF and drawings as PNG, set by Typst."""
