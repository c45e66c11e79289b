"""Drafts from what people have already: a text, or a file of another survey tool. Bytes in, YAML and a report out."""
