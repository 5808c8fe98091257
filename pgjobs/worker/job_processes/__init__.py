"""The processes of isolated jobs: their start, their messages and their end."""
