"""The values that the engine writes to the row of a job, and the statements that write them."""
