"""Django apps of the tests: their models, their jobs and their tasks."""
