"""Logs; metrics and traces come later."""
