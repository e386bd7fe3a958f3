"""MongoDB: listening and what is computed from it. Nothing outside this folder knows motor."""
