"""Compose bundles: candidates, beam search, objectives, diversity, the Pareto front."""
