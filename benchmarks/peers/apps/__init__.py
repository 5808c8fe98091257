"""What each peer's own worker imports: the job that does nothing, and the call that enqueues it.

Nothing here is imported by the benchmark itself, so a peer that is not installed harms none.
"""
