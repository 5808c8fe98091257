"""The process of a project that carries out its steps: `python -m tests.integrations.serving`.

Each line of its standard input is a call, the dotted path of a function and its arguments as JSON.
Each line of its standard output is the answer to one.
"""

from __future__ import annotations

import json
import sys
import traceback

import django
from django.utils.module_loading import import_string


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr
    django.setup()
    for line in sys.stdin:
        print(json.dumps(_answer(*json.loads(line)), default=str), file=answers, flush=True)


def _answer(path: str, arguments: list[object]) -> dict[str, object]:
    try:
        return {"answer": import_string(path)(*arguments)}
    except Exception:
        return {"error": traceback.format_exc()}


if __name__ == "__main__":
    main()
