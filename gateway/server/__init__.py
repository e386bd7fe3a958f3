"""The server below the application: connections, their limits, and how it stops."""
