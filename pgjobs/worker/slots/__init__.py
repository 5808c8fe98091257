"""Running claimed jobs."""
