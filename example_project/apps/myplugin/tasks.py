"""A plain procrastinate task: a function on a queue, for work that needs no job row.

The same worker runs it. A finished task leaves its effect, but no log and no result.
"""

from __future__ import annotations

from collections import Counter
from pathlib import PurePath

from django.db import transaction
from procrastinate.contrib.django import app

from inventory.models import DataFile, DataSource
from myplugin.models import FileType


@app.task(queue="myplugin.foo")
def count_file_types(source_id: int) -> None:
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for path, size in DataFile.objects.filter(source=source_id).values_list("path", "size"):
        suffix = PurePath(path).suffix
        files[suffix] += 1
        sizes[suffix] += size
    rows = [
        FileType(source_id=source_id, suffix=suffix, files=files[suffix], size=sizes[suffix])
        for suffix in files
    ]
    with transaction.atomic():
        # Without this lock, two tasks for one source could both delete the old rows and then both
        # insert, and the second insert would break the unique constraint.
        DataSource.objects.select_for_update().filter(pk=source_id).first()
        FileType.objects.filter(source=source_id).delete()
        FileType.objects.bulk_create(rows)
