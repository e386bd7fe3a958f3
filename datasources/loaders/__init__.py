"""Declared loaders: which statement answers a batch of keys."""
