"""Doors: where other systems post, and the pages on which admins set them up and see what came."""
