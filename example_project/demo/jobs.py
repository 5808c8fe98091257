"""The jobs of a small shop, so that each page of the served demo has something to show.

`scene.py` enqueues them. They call nobody: their partners and their failures are made up.
"""

from __future__ import annotations

import random
import time
from datetime import date, timedelta

from pgjobs import BackgroundJob, JobFailed, JobInterval, retry, system_job

PARTNERS = ("harbour-freight", "north-parcel", "blue-courier")


class BookParcel(BackgroundJob):
    """Books a parcel with a partner. Some partners do not answer, and are tried again."""

    class Meta:
        name = "Book parcel"
        queue = "high"
        max_attempts = 4
        backoff = retry.exponential(timedelta(seconds=20), cap=timedelta(minutes=5))
        fail_on = PermissionError
        sensitive = ["api_key"]

    def run(self, partner: str, order: str, api_key: str) -> dict[str, str]:
        self.logger.info("Asking %s for a label for %s", partner, order)
        time.sleep(random.uniform(0.05, 0.4))
        if partner == "harbour-freight":
            self.logger.warning("%s is slow to answer", partner)
            raise ConnectionError(f"{partner} did not answer within 10 seconds")
        if partner == "blue-courier":
            raise PermissionError(f"{partner} refused the key for {order}")
        return {"label": f"{partner}/{order}.pdf"}


class ExportOrders(BackgroundJob):
    """Exports a month of orders, page by page, and tells how far it is."""

    class Meta:
        name = "Export orders"
        timeout = 3600
        launchable = True

    def run(self, month: date, pages: int = 60, seconds_a_page: float = 0.5) -> dict[str, int]:
        if not 1 <= pages <= 10_000:
            raise JobFailed(f"An export has 1 to 10,000 pages, not {pages}.")
        for page in range(1, pages + 1):
            self.progress(page - 1, pages, f"page {page} of {month:%B %Y}")
            if page % 10 == 0:
                self.logger.info("%d of %d pages written", page, pages)
            time.sleep(seconds_a_page)
        self.progress(pages, pages)
        return {"pages": pages}


class SendNewsletter(BackgroundJob):
    """Sends one newsletter. The scene pauses its queue."""

    class Meta:
        name = "Send newsletter"
        queue = "low"

    def run(self, subscriber: str) -> None:
        self.logger.info("Sent to %s", subscriber)


@system_job(cron="0 3 * * *")
class CloseBooks(BackgroundJob):
    """Closes the books of the day. Operators may move it to another hour."""

    class Meta:
        name = "Close the books"
        editable_schedule = True

    def run(self) -> None:
        self.logger.info("Books closed")


@system_job(interval=JobInterval.HOURLY)
class RefreshRates(BackgroundJob):
    """Fetches exchange rates from a bank."""

    class Meta:
        name = "Refresh exchange rates"

    def run(self) -> None:
        self.logger.info("12 rates refreshed")
