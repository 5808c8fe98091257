"""Other job queues, measured as pgjobs is: see `peer.Peer` for how, `catalogue` for which."""
