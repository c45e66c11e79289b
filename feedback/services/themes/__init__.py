"""Themes of comments: the frame, the machine's reading, people's corrections, and the counts."""
