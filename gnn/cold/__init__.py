"""Items that nobody bought yet: what is known of them, and where they stand beside the others."""
