"""Requests: their schemas, their constraints resolved against the catalogue, the visitor's context."""
