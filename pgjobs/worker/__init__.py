"""The process that claims, runs and records jobs."""
