"""The sample catalogue: invented music and people, the same on every machine."""
