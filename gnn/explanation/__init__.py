"""What carried a score of the GNN: the items that asked, and the nodes and relations that it was made of."""
