"""Search across records: what one field in the top bar finds."""
