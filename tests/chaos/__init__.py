"""Ten thousand jobs under a storm of faults, and an audit of what was promised.

An app, so that its workers find `jobs`; `python -m tests.chaos` is the run. See docs/chaos.md.
"""
