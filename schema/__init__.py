"""GraphQL vocabulary only: types, fields and their descriptions. No I/O."""
