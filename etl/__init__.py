"""Exports in, canonical tables out: what a shop gives becomes Parquet files with one meaning."""
