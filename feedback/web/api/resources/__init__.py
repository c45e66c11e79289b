"""The resources of the API: a module each, with its shapes and routes."""
