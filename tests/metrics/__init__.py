"""The extra [prometheus]."""
