"""Two releases in one database, under load: ``python -m tests.side_by_side``.

Workers and callers of an older release and of the present code share a database, first with the
schema of the older release, and then with the present one, which is migrated while they work.
"""
