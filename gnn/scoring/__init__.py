"""Fitted components that answer: NumPy and treelite alone, so that serving needs no torch."""
