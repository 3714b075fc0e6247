"""The front over several objectives: the bundles of which none is better than another on all of them."""
