"""The processes of one worker command."""
