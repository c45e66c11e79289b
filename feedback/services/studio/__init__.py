"""What is edited in the studio: drafts, their revisions, and their translations."""
