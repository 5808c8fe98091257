"""Proving that a worker lives, and looking after the workers that do not."""
