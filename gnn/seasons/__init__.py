"""Seasons: what is bought more in the weeks around a date of the year.

The counts lie in `model`, as the graph has them; `lift` answers from them with NumPy alone.
"""
