"""From canonical tables to a property graph in a store, and to the edge tables that a model learns from."""
