"""What every model is measured against, in the same run."""
