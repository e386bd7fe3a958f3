"""The only place that speaks to a store: statements, loaders and the records they return."""
