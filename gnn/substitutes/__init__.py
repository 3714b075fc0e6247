"""Substitutes: items of which a basket needs one, not two; they stand in no bundle together.

What is learned lies in `model`; `pairs` answers from it with NumPy alone.
"""
