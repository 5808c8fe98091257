"""Job classes as the engine sees them: their options, and the names under which rows name them."""
