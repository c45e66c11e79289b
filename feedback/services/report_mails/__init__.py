"""The scores of a week or a month by mail: who gets them, when they are due, and what the mail says."""
