"""Names of other job systems, for code that was written for them."""
