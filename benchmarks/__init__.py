"""What is claimed, measured: a module for each protocol or load; figures go to `benchmarks/results.md`."""
