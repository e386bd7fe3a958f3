"""Use cases without GraphQL: plain functions from a context to records, pages or errors."""
