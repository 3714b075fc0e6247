"""EASE: a linear item-item model in closed form."""
