"""The jobs of an object on pages of the project, and the progress for the people who wait."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.http import Http404, HttpRequest
from django.template import Context, Template, engines
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from pgjobs.admin import ObjectJobsMixin
from pgjobs.models import Job
from pgjobs.pages.progress import job_progress
from tests.apps.testapp.jobs import AboutObject, Charging
from tests.apps.testapp.models import Site
from tests.support.browsing import HOSTILE
from tests.support.rows import a_job, a_site

PATH = "tests.pages.job.test_objects.of_nobody"
TAG = "{% load pgjobs %}{% object_jobs site %}"

pytestmark = pytest.mark.django_db


def a_user(*permissions: str, **more: Any) -> User:
    user = User.objects.create_user("ada", **more)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def a_request(user: Any, **headers: str) -> HttpRequest:
    request = RequestFactory().get("/exports/1/progress/", headers=headers)
    request.user = user
    return request


def of_nobody(user: Any, jobs: Any) -> Any:
    return jobs.none()


# The template tag ----------------------------------------------------------------------


def tagged(user: Any, site: Site, template: str = TAG) -> str:
    return engines["django"].from_string(template).render({"site": site}, a_request(user)).strip()


def test_the_tag_shows_the_newest_jobs_of_the_object() -> None:
    site, other = a_site(), a_site()
    jobs = [AboutObject.enqueue(site) for _ in range(3)]
    elsewhere = AboutObject.enqueue(other)
    html = tagged(a_user("view_job"), site, "{% load pgjobs %}{% object_jobs site 2 %}")
    assert [job.get_absolute_url() in html for job in jobs] == [False, True, True]
    assert elsewhere.get_absolute_url() not in html
    assert "The newest 2 jobs are shown." in html
    assert "Pending" in html


def test_the_tag_shows_progress_and_the_error() -> None:
    site = a_site()
    a_job("running", object=site, progress={"done": 2, "total": 5})
    a_job("errored", object=site, error=f"{HOSTILE}\nmore")
    html = tagged(a_user("view_job"), site)
    assert 'value="40"' in html
    assert "<script>window" not in html
    assert "&lt;script&gt;window" in html


def test_the_tag_shows_nothing_without_the_permission_and_no_hidden_job(settings: Any) -> None:
    job = AboutObject.enqueue(site := a_site())
    assert tagged(AnonymousUser(), site) == ""
    user = a_user()
    assert tagged(user, site) == ""
    assert Template(TAG).render(Context({"site": site})).strip() == ""
    settings.PGJOBS = {"VISIBLE_JOBS": PATH}
    user.user_permissions.add(Permission.objects.get(codename="view_job"))
    html = tagged(User.objects.get(), site)
    assert "No jobs yet." in html
    assert job.get_absolute_url() not in html


def test_more_jobs_take_no_more_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    site, user = a_site(), User.objects.create_superuser("root")
    for _ in range(12):
        AboutObject.enqueue(site)
    tagged(user, site)
    with django_assert_num_queries(2):
        tagged(user, site)


# The admin -----------------------------------------------------------------------------


class GroupAdmin(ObjectJobsMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    pass


class GroupAdminWithFields(ObjectJobsMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    fields = ("name",)


class GroupAdminWithFieldsets(ObjectJobsMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    fieldsets = ((None, {"fields": ("name",)}),)
    readonly_fields = ("name",)


@pytest.mark.parametrize("kind", [GroupAdmin, GroupAdminWithFields, GroupAdminWithFieldsets])
def test_the_mixin_adds_one_section_to_the_page_of_an_object(kind: Any) -> None:
    group = Group.objects.create(name="Lund")
    job = a_job(object=group)
    user = User.objects.create_superuser("root")
    view = kind(Group, admin.site)
    html = view.change_view(a_request(user), str(group.pk)).render().content.decode()
    assert html.count(job.get_absolute_url()) == 1
    added = view.add_view(a_request(user)).render().content.decode()
    assert "pgj-of-object" not in added


def test_the_mixin_adds_nothing_for_a_user_who_may_see_no_jobs() -> None:
    group = Group.objects.create(name="Lund")
    a_job(object=group)
    user = a_user("view_group", is_staff=True)
    response: Any = GroupAdmin(Group, admin.site).change_view(a_request(user), str(group.pk))
    assert "pgj-of-object" not in response.render().content.decode()


def test_an_object_can_be_saved_beside_its_jobs() -> None:
    group = Group.objects.create(name="Lund")
    user = User.objects.create_superuser("root")
    view = GroupAdmin(Group, admin.site)
    form = view.get_form(a_request(user), group, change=True)({"name": "Oslo"}, instance=group)
    form.save()
    assert Group.objects.get().name == "Oslo"


# Progress for users --------------------------------------------------------------------


def progress_of(job: Job, user: Any, **headers: str) -> Any:
    return job_progress()(a_request(user, **headers), pk=job.pk)


def test_a_user_sees_how_far_the_own_job_has_come() -> None:
    user = a_user()
    job = a_job("running", user=user, progress={"done": 2, "total": 5, "message": "page 2"})
    assert progress_of(job, user).content.decode() == (
        f'{{"id": {job.pk}, "status": "running", "label": "Running", "percent": 40, '
        '"message": "page 2", "finished": false, "succeeded": false}'
    )


def test_the_fragment_asks_again_until_the_job_has_ended() -> None:
    user = a_user()
    job = a_job("running", user=user, progress={"done": 2, "total": 5, "message": HOSTILE})
    html = progress_of(job, user, HX_Request="true").content.decode()
    assert "40 % done" in html
    assert 'hx-get="/exports/1/progress/"' in html
    assert "<script>window" not in html
    done = progress_of(a_job("completed", user=user), user, HX_Request="true").content.decode()
    assert "Completed" in done
    assert "hx-get" not in done


def test_nothing_else_of_the_job_is_told() -> None:
    user = a_user()
    job = a_job(
        "errored",
        user=user,
        job_class=Charging.path,
        error="told-nowhere",
        kwargs={"a": "told-nowhere"},
        result="told-nowhere",
        progress={"message": {"card": "told-nowhere"}},
    )
    for headers in ({}, {"HX_Request": "true"}):
        assert "told-nowhere" not in progress_of(job, user, **headers).content.decode()


def test_the_job_of_another_user_does_not_exist(settings: Any) -> None:
    job = a_job("running", user=User.objects.create_user("nora"))
    viewer = a_user("view_job")
    assert progress_of(job, viewer).status_code == 200
    settings.PGJOBS = {"VISIBLE_JOBS": PATH}
    for user in (AnonymousUser(), viewer, User.objects.create_user("eve")):
        with pytest.raises(Http404):
            progress_of(job, user)


def test_the_project_may_decide_who_sees_the_progress() -> None:
    job = a_job("running")
    view = job_progress(may_see=lambda request, job: request.GET.get("key") == "k")
    request = RequestFactory().get("/", {"key": "k"})
    request.user = AnonymousUser()
    assert view(request, pk=job.pk).status_code == 200
    with pytest.raises(Http404):
        view(a_request(AnonymousUser()), pk=job.pk)
    for pk in (987654, 10**30):
        with pytest.raises(Http404):
            view(request, pk=pk)


def test_a_user_without_permissions_sees_the_own_job_alone() -> None:
    own = a_user()
    user = SimpleNamespace(pk=own.pk, is_authenticated=True)
    assert progress_of(a_job(user=own), user).status_code == 200
    with pytest.raises(Http404):
        progress_of(a_job(), user)


def test_progress_changes_nothing() -> None:
    request = RequestFactory().post("/")
    request.user = a_user()
    assert job_progress()(request, pk=1).status_code == 405
