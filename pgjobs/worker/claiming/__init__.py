"""Claims jobs, and waits at the doorbell while there are none."""
