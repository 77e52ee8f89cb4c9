"""What goes wrong, and who is told."""
