"""The verbs of ``manage.py pgjobs``: look at jobs, steer them, print SQL."""
