"""The inventory's jobs: one job about an object, and one system job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from django.db import transaction
from django.db.models import Count
from django.db.models.functions import Now

from inventory.disk import FoundFile, files_below, read_file
from inventory.models import DataFile, DataSource
from inventory.signals import files_changed, source_synced
from pgjobs import BackgroundJob, JobFailed, JobInterval, system_job
from pgjobs.models import Job

BATCH = 250
KEPT_DAYS = 30


class SyncDataSource(BackgroundJob[DataSource]):
    """Makes the rows of a source equal to its directory.

    Each batch of files is one transaction, and the jobs that its changes cause are enqueued in it.
    So if the worker is lost, the next run finds the remaining changes, and no change causes two
    jobs.
    """

    class Meta:
        name = "Sync data source"
        description = "Hashes every file of a directory; inserts, updates and removes rows"
        timeout = 1800

    def run(self) -> None:
        source = self.job.object
        self.job.data = {"path": source.path}
        root = Path(source.path)
        if not root.is_dir():
            raise JobFailed(f"{root} is not a directory.")
        paths = sorted(files_below(root))
        known = dict(source.files.values_list("path", "sha256"))
        self.logger.info("%s: %d files, %d known", root, len(paths), len(known))

        counts: Counter[str] = Counter(files=len(paths), added=0, updated=0)
        for done in range(0, len(paths), BATCH):
            self.progress(done, len(paths), paths[done])
            changed = self._changed(root, paths[done : done + BATCH], known)
            counts.update("updated" if file.path in known else "added" for file in changed)
            store(source, changed)
        self.progress(len(paths), len(paths))

        counts["removed"] = finish(source, gone=known.keys() - set(paths))
        self.job.data |= counts
        self.logger.info("%(added)d added, %(updated)d updated, %(removed)d removed", counts)

    def _changed(self, root: Path, paths: list[str], known: dict[str, str]) -> list[FoundFile]:
        return [file for file in self._read(root, paths) if known.get(file.path) != file.sha256]

    def _read(self, root: Path, paths: list[str]) -> Iterator[FoundFile]:
        for path in paths:
            try:
                yield read_file(root, path)
            except OSError as error:
                self.logger.warning("File skipped because it cannot be read: %s", error)


def store(source: DataSource, found: list[FoundFile]) -> None:
    rows = [
        DataFile(source=source, path=file.path, size=file.size, sha256=file.sha256)
        for file in found
    ]
    with transaction.atomic():
        files = DataFile.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["source", "path"],
            update_fields=["size", "sha256", "updated"],
        )
        files_changed.send(sender=DataSource, source=source, files=files)


def finish(source: DataSource, *, gone: set[str]) -> int:
    """Delete the rows of the files in `gone` and send `source_synced`; return how many are gone."""
    with transaction.atomic():
        source.files.filter(path__in=gone).delete()
        DataSource.objects.filter(pk=source.pk).update(synced=Now())
        source_synced.send(sender=DataSource, source=source)
    return len(gone)


@system_job(interval=JobInterval.HOURLY)
class Housekeeping(BackgroundJob):
    """Counts the rows of the inventory and the jobs, and deletes old jobs."""

    class Meta:
        name = "Housekeeping"
        description = f"Counts sources, files and jobs; deletes jobs older than {KEPT_DAYS} days"

    def run(self) -> None:
        pruned = Job.objects.prune(days=KEPT_DAYS)
        by_status = Job.objects.order_by().values_list("status").annotate(Count("pk"))
        self.job.data = {
            "sources": DataSource.objects.count(),
            "files": DataFile.objects.count(),
            "jobs": dict(by_status),
            "pruned": pruned,
        }
        self.logger.info("%d jobs older than %d days deleted", pruned, KEPT_DAYS)
