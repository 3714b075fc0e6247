"""From a shop's exports to canonical tables: Parquet files with one schema for every shop."""
