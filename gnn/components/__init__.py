"""Fitters of the artifact's components."""
