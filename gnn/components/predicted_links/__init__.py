"""Predict links between items from the links that the shop already knows."""
