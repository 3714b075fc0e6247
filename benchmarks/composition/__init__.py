"""How good composed bundles are: beside annotated ones (protocol D), and beside real baskets (protocol G)."""
