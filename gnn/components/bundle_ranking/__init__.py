"""The ranking of the shop's own bundles."""
