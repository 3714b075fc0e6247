"""Fit links between categories: counts, and the network's vectors where counts are few."""
