"""Tables in, property graph in a store out, and the edge tables that a model learns from."""
