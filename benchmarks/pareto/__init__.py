"""The front as it is served, beside weighted sums and random sets."""
