"""PostgreSQL: users, catalogue, playlists and search, read with SQLAlchemy Core."""
