"""Real projects with packages that use Django's task framework, and a real worker.

Run them with `nox -s integrations`, which installs the packages.
"""
