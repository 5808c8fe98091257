"""What the engine writes to the row of a job, as values and as statements."""
