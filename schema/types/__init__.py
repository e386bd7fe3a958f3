"""The types of the graph, one file for each entity and what belongs to it."""
