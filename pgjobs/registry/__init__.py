"""Job classes as the engine sees them: their options, and which of them a row may name."""
