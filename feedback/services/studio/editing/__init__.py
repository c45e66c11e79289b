"""Edits of a questionnaire's text, one for each thing that the form can do. Text in, text out."""
