"""Pages for operators: what runs, what waits and why, what failed, and the verbs on it.

They stand in Django's admin, and alone by ``include("pgjobs.urls")``. Each page is a function of a
request; `urls` gives it an address, and `place` says where it stands.
"""
