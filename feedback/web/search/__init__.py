"""The search in the top bar: one field that finds records and pages."""
