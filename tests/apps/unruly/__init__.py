"""An app of jobs that misbehave, for workers that are started with it."""
