"""The Pareto front over several objectives, by NSGA-II."""
