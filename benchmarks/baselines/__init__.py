"""Models that the product is only compared with."""
