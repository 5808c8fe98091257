"""The part of NetBox's registry that concerns jobs: ``registry["system_jobs"]``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pgjobs.jobs.system import system_jobs
from pgjobs.registry.targets import is_job_class


class _Registry(Mapping[str, Any]):
    """Reads as NetBox's registry does. It changes by ``@system_job`` alone."""

    def __getitem__(self, name: str) -> Any:
        if name != "system_jobs":
            raise KeyError(f"pgjobs has no {name!r} in its registry, only 'system_jobs'.")
        return {
            rule.target: {
                "interval": None
                if rule.interval is None
                else int(rule.interval.total_seconds() // 60)
            }
            for rule in system_jobs().values()
            if is_job_class(rule.target)  # NetBox has no functions there
        }

    def __iter__(self) -> Iterator[str]:
        return iter(["system_jobs"])

    def __len__(self) -> int:
        return 1


registry = _Registry()
