"""The inputs of the graph."""
