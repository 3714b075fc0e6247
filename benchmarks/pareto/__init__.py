"""Quality and time of the served Pareto fronts, beside weighted sums and random sets."""
