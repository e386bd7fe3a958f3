"""The worker: does what was queued, inside the server or beside it."""
