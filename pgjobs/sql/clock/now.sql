-- Due times are compared by the database's clock: the clocks of two workers may disagree.
SELECT statement_timestamp()
