"""Find items that replace each other."""
