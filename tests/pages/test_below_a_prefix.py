"""A site that is mounted below a prefix: each address that a page gives leads back below it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import clear_script_prefix, set_script_prefix

from pgjobs.models import Job, Pause
from tests.pages.scene import Scene, addresses
from tests.support.pages import forget_examinations

pytestmark = pytest.mark.django_db

PREFIX = "/intra/net"
_ADDRESSES = re.compile(r'\s(?:href|action|formaction|src|hx-[a-z-]+|data-[a-z-]+)="(/[^"]*)"')
_NEXT = re.compile(r'name="next" value="([^"]*)"')


@pytest.fixture(params=["FORCE_SCRIPT_NAME", "SCRIPT_NAME"])
def below(request: pytest.FixtureRequest, settings: Any, monkeypatch: Any) -> Any:
    """A superuser's browser before a server that mounts the site below the prefix.

    Either a setting says so or the server does, as gunicorn and mod_wsgi do.
    """
    forget_examinations(monkeypatch)
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    if request.param == "FORCE_SCRIPT_NAME":
        settings.FORCE_SCRIPT_NAME = PREFIX
    else:
        client.defaults["SCRIPT_NAME"] = PREFIX
    settings.STATIC_URL = "static/"
    set_script_prefix(f"{PREFIX}/")
    yield client
    clear_script_prefix()


def path_info(address: str) -> str:
    """Return what the server hands on to Django of an address that it got."""
    parts = urlsplit(address)
    assert parts.path.startswith(f"{PREFIX}/"), address
    return parts.path.removeprefix(PREFIX) + (f"?{parts.query}" if parts.query else "")


def asked(client: Client, address: str) -> Any:
    """Ask for an address as a browser does, and follow redirects, which must stay below."""
    response = client.get(path_info(address))
    for _ in range(3):
        if response.status_code not in (301, 302):
            break
        response = client.get(path_info(response["Location"]))
    return response


def addresses_of(html: str) -> set[str]:
    return {unescape(each) for each in _ADDRESSES.findall(html)}


@pytest.mark.parametrize("namespace", ["admin:pgjobs", "pgjobs"])
def test_each_address_of_each_page_is_below_the_prefix(below: Client, namespace: str) -> None:
    scene = Scene()
    found: set[str] = set()
    for address in addresses(scene, namespace):
        response = asked(below, address)
        assert response.status_code == 200, address
        html = response.content.decode()
        found |= addresses_of(html) | {unescape(each) for each in _NEXT.findall(html) if each}
    # The admin links to the root of the site without a slash at its end.
    outside = {each for each in found - {PREFIX} if not each.startswith(f"{PREFIX}/")}
    assert outside == set()
    assert len(found) > 50


@pytest.mark.parametrize("namespace", ["admin:pgjobs", "pgjobs"])
def test_the_live_part_of_a_page_is_fetched_from_below_the_prefix(
    below: Client, namespace: str
) -> None:
    scene, lives = Scene(), 0
    for address in addresses(scene, namespace):
        html = asked(below, address).content.decode()
        for found in re.findall(r'hx-get="([^"]*)"', html):
            response = below.get(path_info(unescape(found)))
            assert response.status_code == 200, found
            lives += 1
    assert lives > 5


@pytest.mark.parametrize("namespace", ["admin:pgjobs", "pgjobs"])
def test_a_form_is_sent_to_and_answered_from_below_the_prefix(
    below: Client, namespace: str
) -> None:
    scene = Scene()
    pages = {urlsplit(each).path: each for each in addresses(scene, namespace)}
    (queues,) = [each for path, each in pages.items() if path.endswith("/queues/")]
    html = asked(below, queues).content.decode()
    (action,) = set(re.findall(r'action="([^"]*/pause/)"', html))
    (back,) = set(_NEXT.findall(html))
    answer = below.post(path_info(action), {"queue": "high", "next": back})
    assert Pause.objects.filter(name="high").exists()
    assert answer["Location"] == back == queues

    page = "job/{}/change/" if namespace.startswith("admin") else "jobs/{}/"
    (job,) = [each for path, each in pages.items() if path.endswith(page.format(scene.failed.pk))]
    (retry,) = set(re.findall(r'action="([^"]*/retry/)"', asked(below, job).content.decode()))
    answer = below.post(path_info(retry))
    assert answer["Location"] == job
    assert Job.objects.get(pk=scene.failed.pk).status == "pending"


@pytest.mark.parametrize("page", ["overview/", ""])
def test_a_visitor_is_sent_to_the_login_with_the_address_below_the_prefix(
    below: Client, page: str
) -> None:
    below.logout()
    address = "/jobs/" if page == "" else "/admin/pgjobs/job/overview/"
    assert f"next={PREFIX}{address}" in below.get(address)["Location"]


@pytest.mark.urls("tests.api.urls")
def test_each_address_of_the_rest_interface_is_below_the_prefix(below: Client) -> None:
    pytest.importorskip("rest_framework", reason="the extra api is not installed")
    Scene()
    host = "http://testserver"
    lists = below.get("/api/pgjobs/").json()
    followed = 0
    for address in lists.values():
        assert address.startswith(f"{host}{PREFIX}/api/pgjobs/"), address
        answer = below.get(path_info(address.removeprefix(host)))
        assert answer.status_code == 200, address
        for row in [] if address.endswith("/schema/") else answer.json()["results"]:
            if url := row.get("url"):
                assert below.get(path_info(url.removeprefix(host))).status_code == 200, url
                followed += 1
    assert followed > 10
    page = below.get("/api/pgjobs/jobs/?limit=2").json()["next"]
    assert below.get(path_info(page.removeprefix(host))).json()["results"]
