"""Code that mypy and pyright check, and that nothing runs: see ``test_checkers.py``."""
