"""An app and settings for processes that reach PostgreSQL through a pooler."""
