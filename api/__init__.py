"""HTTP service over `bundles`."""
