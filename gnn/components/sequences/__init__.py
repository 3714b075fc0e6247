"""Fit the next-item model of shops whose data are sequences."""
