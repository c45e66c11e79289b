"""Themes of comments: tagging one, and editing the frame."""
