"""Setting an installation up: what is still missing, and whether its channels work."""
