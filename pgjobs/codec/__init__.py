"""Typed JSON for job arguments.

Values that JSON has stay as they are, so that rows read well in SQL. A value of another known type
becomes an object with one key that starts with ``$``, for instance
``{"$datetime": "2026-01-31T12:00:00+00:00"}`` or ``{"$model": ["app.model", 7]}``. If a dict of the
caller has a single key that starts with ``$``, the dict is wrapped in ``{"$dict": …}``. Values of
other types are refused when the job is enqueued, with the path of the value.
"""

from __future__ import annotations

from pgjobs.codec.decoding import TAGS, decode, names_model
from pgjobs.codec.encoding import DEPTH_LIMIT, encode, text
from pgjobs.codec.wrapping import bare, merged, named

__all__ = [
    "DEPTH_LIMIT",
    "TAGS",
    "bare",
    "decode",
    "encode",
    "merged",
    "named",
    "names_model",
    "text",
]
