"""Fit the ranking of the shop's own bundles."""
