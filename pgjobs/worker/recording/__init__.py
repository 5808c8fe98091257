"""Writing the outcomes and notes of jobs, and announcing the ends of jobs.

- `recorder`: the thread that writes outcomes and notes in batches, the ordinary path.
- `entry`: the type of a job with its outcome.
- `delivery`: writes batches of a bounded size, and splits and repeats them.
- `session`: replaces a session that is out of date.
- `note_writer`: writes the notes, and finds the notes that PostgreSQL can't write.
- `refusal`: finds the outcomes that PostgreSQL refuses, and tries them again.
- `announcer`: the thread that calls the receivers and notifiers of the project.
"""
