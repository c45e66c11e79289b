"""Shared links: the page of them for staff, and the pages that they lead to."""
