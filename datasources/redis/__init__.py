"""Redis: what is true for minutes only."""
