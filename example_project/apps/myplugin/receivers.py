"""Receivers of the inventory's signals.

They enqueue the plugin's jobs and tasks in the transaction of the change.
"""

from __future__ import annotations

from typing import Any

from inventory.models import DataFile, DataSource
from myplugin.jobs import AnalyseFile
from myplugin.tasks import count_file_types


def analyse_python_files(*, files: list[DataFile], **_: Any) -> None:
    AnalyseFile.enqueue_many(file for file in files if file.path.endswith(".py"))


def recount_file_types(*, source: DataSource, **_: Any) -> None:
    count_file_types.defer(source_id=source.pk)
