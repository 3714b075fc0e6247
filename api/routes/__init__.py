"""A router for each noun of the service."""
