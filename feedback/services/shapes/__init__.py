"""The JSON of the things that leave: one shape for answers of the API and for bodies of webhooks.

Each module has the shapes of its rows, and functions that make them. They know nothing of who asks; callers select the
rows that somebody may see.
"""
