"""The `bundlegraph` command: a file for each group of verbs, in the order of the data."""
