"""The formats of other survey tools, each a module that fills an outline, and lists of questions in plain text."""
