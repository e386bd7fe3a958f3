"""Mail: sent over SMTP, or put into a folder."""
