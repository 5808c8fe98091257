"""One attempt of one job: run it, judge it, and run it without a worker."""
