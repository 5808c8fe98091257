"""Requests of a client to the interface, with the status that their answers must have."""

from __future__ import annotations

from typing import Any

from django.test import Client

JOBS = "/api/pgjobs/jobs/"


def got(client: Client, address: str, status: int = 200) -> Any:
    response = client.get(address)
    assert response.status_code == status, response.content
    return response.json()


def sent(client: Client, address: str, body: Any, status: int = 200) -> Any:
    response = client.post(address, body, "application/json")
    assert response.status_code == status, response.content
    return response.json()
