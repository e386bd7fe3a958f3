"""Composition root: the application, its server and its commands. Nothing imports it."""
