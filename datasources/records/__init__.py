"""Frozen records handed upwards: what a row or document is, once it has left its store."""
