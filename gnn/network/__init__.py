"""The graph neural networks: encoders, heads, losses and the training loop, in PyTorch Geometric."""
