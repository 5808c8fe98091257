"""The verbs of people and programs that every surface shares."""
