"""Fields of the root of reading that are for a few, by what they show."""
