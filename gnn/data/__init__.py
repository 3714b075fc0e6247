"""What models learn from: purchases, splits, queries, the graph as `HeteroData`, content of items."""
