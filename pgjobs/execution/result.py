"""What a job leaves in its row as JSON: its ``data``, and the return value of ``run()``."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from pgjobs import codec
from pgjobs.conf import get_settings
from pgjobs.exceptions import NotSerializable
from pgjobs.execution.running_job import RunningJob
from pgjobs.rows.outcome import Line
from pgjobs.rows.text import storable

_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def data_as_json(job: RunningJob) -> tuple[str | None, tuple[Line, ...]]:
    """Return ``job.data`` as JSON text, and the lines for the job's log.

    The text is None if the job has no data or has recorded its own end. It is also None, with a
    warning for the log, if the job has too much data: the row keeps the data it has.

    Raises NotSerializable, or an exception of the module ``json``, for data that JSON or PostgreSQL
    can't hold. Dates become strings, because people read the data and nothing decodes it.
    """
    if job.data is None or job.is_terminated:
        return None, ()
    text = json.dumps(job.data, cls=DjangoJSONEncoder, allow_nan=False, ensure_ascii=False)
    if len(text) > (limit := get_settings().MAX_DATA_SIZE):
        warning = f"Not kept: job.data has {len(text):,} characters as JSON, more than {limit:,}."
        return None, ((logging.WARNING, warning),)
    if _ESCAPED_NUL.search(text):
        raise NotSerializable("job.data holds a NUL character, which PostgreSQL can't store.")
    if storable(text) != text:
        raise NotSerializable("job.data holds a lone surrogate, which is not text.")
    return text, ()


def result_as_json(value: Any) -> tuple[str | None, tuple[Line, ...]]:
    """Return ``value``, which ``run()`` returned, as typed JSON, and the lines for the job's log.

    A value that can't be stored becomes None and a warning. It is no error: NetBox ignores what
    ``run()`` returns, so the ``run()`` of a job that was written for NetBox may return anything.
    """
    try:
        text = json.dumps(codec.encode(value, "The return value of run()"))
        if len(text) > get_settings().MAX_RESULT_SIZE:
            raise NotSerializable(f"The return value of run() has {len(text)} bytes as JSON.")
    except (NotSerializable, RecursionError) as error:
        return None, ((logging.WARNING, f"Not kept as the job's result: {error}"),)
    return text, ()
