"""A project with thousand separators: ids in addresses, forms and hooks stay as they are."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tests.pages.scene import Scene, addresses
from tests.support.sql import query
from tests.support.staff import shown

pytestmark = pytest.mark.django_db

# Times of SVG and words may have commas, and moments have six digits after a point; numbers in
# these may not be parted.
SEPARATED = re.compile(
    r'(?:id|value|name|href|hx-get|action|data-[a-z-]+)="[^" ]*\d[.,]\d{3}(?!\d)[^" ]*"'
)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("namespace", ["admin:pgjobs", "pgjobs"])
def test_no_id_has_thousand_separators(
    namespace: str, language: str, admin_client: Client, settings: Any
) -> None:
    settings.USE_THOUSAND_SEPARATOR = True
    settings.LANGUAGE_CODE = language
    for table in ("pgjobs_job", "pgjobs_worker", "pgjobs_schedule", "pgjobs_journal", "pgjobs_log"):
        query("SELECT setval(pg_get_serial_sequence(%s, 'id'), 1234567)", table)
    scene = Scene()
    assert scene.failed.pk > 1_234_567
    for address in addresses(scene, namespace):
        assert SEPARATED.findall(shown(admin_client, address)) == [], address
