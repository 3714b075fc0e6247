"""Ranking the shop's own bundles for users: a closed form and a graph network, combined on validation."""
