"""The verbs that every surface uses, and the journal of their actions.

Commands, pages and REST steer by these verbs, each with ``by=Actor(...)``. The methods of
``Job`` and of its query set are for the code of the project, and write no journal.
"""
