"""A primary, its standby, and settings for processes that know both."""
