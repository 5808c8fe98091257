"""``manage.py pgjobs top``: a screen that shows the jobs as they go, with keys that steer them.

Only `verb.py` is imported without the extra ``tui``. The screen never reads the database itself:
one thread does, see `reader.py`.
"""
