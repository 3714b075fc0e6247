"""Where exports come from: a folder of a shop, or the packaged real data."""
