"""Tests of the inventory's jobs, which run in the transaction of each test."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import TestCase

from inventory.jobs import KEPT_DAYS, Housekeeping, SyncDataSource
from inventory.models import DataSource
from pgjobs import JobFailed
from pgjobs.testing import JobsTestMixin


class SyncTest(JobsTestMixin, TestCase):
    def setUp(self) -> None:
        self.directory = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.source = DataSource.objects.create(name="Music", path=str(self.directory))

    def test_files_become_rows(self) -> None:
        for name in ("fugue.txt", "canon.txt"):
            (self.directory / name).write_text(name)

        run = self.run_job(SyncDataSource, object=self.source)

        assert run.log[-1] == "2 added, 0 updated, 0 removed"
        assert run.job.progress["done"] == 2
        assert self.source.files.count() == 2

    def test_a_file_that_is_gone_loses_its_row(self) -> None:
        file = self.directory / "fugue.txt"
        file.write_text("a fugue")
        self.run_job(SyncDataSource, object=self.source)
        file.unlink()

        assert self.run_job(SyncDataSource, object=self.source).data["removed"] == 1
        assert not self.source.files.exists()

    def test_a_directory_that_is_gone_fails_the_job(self) -> None:
        self.directory.rmdir()
        self.addCleanup(self.directory.mkdir)

        with pytest.raises(JobFailed, match="is not a directory"):
            self.run_job(SyncDataSource, object=self.source)


class HousekeepingTest(JobsTestMixin, TestCase):
    def test_old_jobs_are_deleted_each_hour(self) -> None:
        self.fire_schedules()
        old = self.run_jobs()

        with self.time_travel(timedelta(days=KEPT_DAYS, hours=1)):
            self.fire_schedules()
            job = self.assert_enqueued(Housekeeping)
            self.run_jobs()

        job.refresh_from_db()
        assert job.data["pruned"] == len(old)
