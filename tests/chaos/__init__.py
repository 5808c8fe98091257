"""Ten thousand jobs under a storm of faults, and an audit of the promises.

This is an app, so that its workers find `jobs`; `python -m tests.chaos` is the run. See
docs/chaos.md.
"""
