"""Staff users in the admin, and the pages that they see."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client

from pgjobs.models import Job

LIST = "/admin/pgjobs/job/"


def signed_in(*permissions: str, enforce_csrf_checks: bool = False) -> Client:
    """Return the browser of a staff user with these permissions."""
    user = User.objects.create_user("staff", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client(enforce_csrf_checks=enforce_csrf_checks)
    client.force_login(user)
    return client


def shown(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def page(client: Client, job: Job) -> str:
    return shown(client, job.get_absolute_url())


def messages(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def choose(client: Client, verb: str, *jobs: Job, query: str = "") -> list[str]:
    """Confirm an action on these jobs, or on all of ``query``; return what the page says."""
    ids = [str(job.pk) for job in jobs] or ["all"]
    asked = client.get(f"{LIST}confirm/", {"verb": verb, "id": ids, "q": query}, follow=True)
    if asked.redirect_chain:
        return messages(asked)
    given = {"verb": verb, "filter": asked.context["filter"], "q": query}
    return messages(client.post(f"{LIST}act/", given, follow=True))
