"""An app whose jobs tell which span they run in. Its processes write their spans to a file."""
