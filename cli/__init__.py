"""The `bundlegraph` command: one file for each group of commands."""
