"""The processes of isolated jobs: how they are made, what they are told and what they say."""
