"""What mutations answer: results, and the errors to expect."""
