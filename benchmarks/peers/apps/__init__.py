"""The modules that the peers' workers import: a job that does nothing, and the call to enqueue it.

Nothing here is imported by the benchmark itself, so a peer that is not installed harms none.
"""
