"""An app with jobs that tell in which span they run. Its processes write their spans to a file."""
