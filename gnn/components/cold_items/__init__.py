"""Fit scores and links of items that nobody bought yet, from their content."""
