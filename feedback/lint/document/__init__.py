"""A questionnaire or journey file: read, placed, and held to its format."""
