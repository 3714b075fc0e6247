"""The benchmarks: a module for each protocol or load; figures go to `benchmarks/results.md`."""
