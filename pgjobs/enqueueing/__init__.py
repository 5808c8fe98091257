"""From a call to a row: check the arguments, insert, wake a worker."""
