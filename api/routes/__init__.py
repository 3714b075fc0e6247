"""Routes of the HTTP service: one module for each noun."""
