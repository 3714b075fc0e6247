"""Quality of composed bundles: beside annotated ones (protocol D), and beside real baskets (protocol G)."""
