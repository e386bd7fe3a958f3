"""Mutations, by what they change."""
