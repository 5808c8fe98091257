"""What people and programs order: verbs that every surface shares."""
