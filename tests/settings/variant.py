"""The test suite's settings, with the changes that the environment variable VARIANT asks for.

VARIANT is JSON: ``database`` changes the entry of DATABASES, ``options`` its OPTIONS, and
``settings`` any other setting.
"""

from __future__ import annotations

import json
import os
from typing import Any

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES as DATABASES_OF_TESTS

_VARIANT: dict[str, Any] = json.loads(os.environ["VARIANT"])
_DEFAULT: dict[str, Any] = {**DATABASES_OF_TESTS["default"]}

DATABASES = {
    "default": {
        **_DEFAULT,
        **_VARIANT.get("database", {}),
        "OPTIONS": {**_DEFAULT.get("OPTIONS", {}), **_VARIANT.get("options", {})},
    }
}
for _name, _value in _VARIANT.get("settings", {}).items():
    globals()[_name] = _value
