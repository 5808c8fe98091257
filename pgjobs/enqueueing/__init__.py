"""From a call to a row: check the arguments, insert the row, wake a worker."""
