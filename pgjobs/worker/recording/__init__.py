"""Writing the ends of jobs, and telling of them."""
