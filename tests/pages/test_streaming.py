"""Answers that are sent while they are written: under WSGI, and under ASGI."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.test import AsyncClient, Client

from pgjobs.pages import streaming
from tests.support.rows import a_job
from tests.support.staff import LIST

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> Any:
    return get_user_model().objects.create_superuser("ada")


def test_an_export_is_sent_piece_by_piece_under_asgi(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "_LINES", 2)
    for _ in range(5):
        a_job("completed")
    plain = Client()
    plain.force_login(user)
    whole = b"".join(plain.get(f"{LIST}export/"))

    async def pieces() -> list[bytes]:
        client = AsyncClient()
        await client.aforce_login(user)
        answer: Any = await client.get(f"{LIST}export/")
        assert answer.is_async
        return [piece async for piece in answer]

    sent = async_to_sync(pieces)()
    assert len(sent) == 3
    assert b"".join(sent) == whole


def test_a_log_is_sent_piece_by_piece_under_asgi(user: Any) -> None:
    job = a_job("completed")
    job.say(20, "hello")

    async def text() -> bytes:
        client = AsyncClient()
        await client.aforce_login(user)
        answer: Any = await client.get(f"/admin/pgjobs/job/{job.pk}/log.txt")
        assert answer.is_async
        return b"".join([piece async for piece in answer])

    assert b"hello" in async_to_sync(text)()
