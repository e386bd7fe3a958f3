"""Importers: files of other services into the stores."""
