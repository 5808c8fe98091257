"""Tests of the plugin's job: who enqueues it, and what it leaves behind."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.test import TestCase

from inventory.jobs import SyncDataSource
from inventory.models import DataFile, DataSource
from myplugin.jobs import AnalyseFile
from myplugin.models import PythonFile
from pgjobs.testing import JobsTestMixin


class AnalyseFileTest(JobsTestMixin, TestCase):
    def setUp(self) -> None:
        directory = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (directory / "organ.py").write_text("class Organ:\n    def play(self): ...\n")
        (directory / "broken.py").write_text("def play(")
        (directory / "notes.txt").write_text("class Notes: ...")
        self.run_job(SyncDataSource, object=DataSource.objects.create(path=str(directory)))

    def test_each_python_file_is_to_be_analysed(self) -> None:
        for name in ("organ.py", "broken.py"):
            file = DataFile.objects.get(path=name)
            self.assert_enqueued(AnalyseFile, object=file, queue_name="myplugin.foo")
        self.refute_enqueued(AnalyseFile, object=DataFile.objects.get(path="notes.txt"))

    def test_classes_and_functions_are_counted(self) -> None:
        ended = {str(job.object): job.status for job in self.run_jobs(raising=False)}

        assert ended == {"organ.py": "completed", "broken.py": "failed"}
        organ = PythonFile.objects.get()
        assert (organ.classes, organ.functions, organ.lines) == (1, 1, 2)
