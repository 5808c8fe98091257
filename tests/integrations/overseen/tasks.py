from __future__ import annotations

import overseer

from pgjobs.models import Job


@overseer.task(retries=2, backoff="constant", backoff_base=0, jitter=False)
def third_time_lucky() -> int:
    """Fail until there are three jobs for this task."""
    attempt = Job.objects.filter(name="third_time_lucky").count()
    if attempt < 3:
        raise ConnectionError(f"attempt {attempt}")
    return attempt


@overseer.task(retries=1, backoff="constant", backoff_base=3600, jitter=False)
def again_in_an_hour() -> None:
    raise ConnectionError("It is away.")


@overseer.task(unique=True)
def rebuild(index: str) -> str:
    return index


@overseer.schedule(every=60)
@overseer.task
def every_minute() -> None: ...
