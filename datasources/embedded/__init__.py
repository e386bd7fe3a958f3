"""What stands in for a store that has no URL: a PostgreSQL from a wheel, the others in memory."""
