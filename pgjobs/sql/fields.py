"""A column type that Django has only in an app of its own.

The first migration imports this module, so it must stay importable.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import models


class TextArrayField(models.Field):  # type: ignore[type-arg]
    """PostgreSQL's ``text[]``, as a list of strings.

    Django's ArrayField is no choice: since 6.1 it works only if ``django.contrib.postgres``
    is installed, so each project would have to install one more app.
    """

    def db_type(self, connection: Any) -> str:
        """Return the column type in PostgreSQL."""
        return "text[]"

    def value_to_string(self, obj: models.Model) -> str:
        """Return the list as JSON, for ``dumpdata``."""
        return json.dumps(self.value_from_object(obj))

    def to_python(self, value: Any) -> Any:
        """Return the list that ``loaddata`` reads as JSON."""
        return json.loads(value) if isinstance(value, str) else value
