"""The pages in German: every word of them, in each state of the rows, and the live parts too.

A page is rendered in disguise (`tests.support.disguise`): messages that have German appear in other
letters. Words in plain letters must be data, or names of `NAMES`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from pgjobs.access import MASK
from pgjobs.choices import JobStatus
from pgjobs.limits import NEVER
from pgjobs.models import (
    Job,
    JobLogEntry,
    JournalEntry,
    Pause,
    SavedView,
    Schedule,
    WorkerFacts,
    WorkerOrder,
    WorkerProcess,
)
from pgjobs.pages import numbers, spans
from pgjobs.pages.listing.language import FIELDS, GROUPS
from pgjobs.pages.logs import LEVELS
from pgjobs.queues import known_queues
from pgjobs.registry.names import registered
from pgjobs.registry.targets import name_of, options_of
from pgjobs.sql.locks import WORKER_LOCK
from pgjobs.steering.actor import Actor, Surface
from pgjobs.steering.journal import note
from pgjobs.templatetags.figures import rate
from tests.apps.testapp.jobs import Noop, Speed, Typed
from tests.apps.testapp.models import Site
from tests.pages.scene import Scene, addresses
from tests.pages.test_permissions import ORDERS
from tests.pages.test_schedules import Rhythm
from tests.support.disguise import Spoken, disguise, disguised
from tests.support.moments import ago
from tests.support.pages import EVERYTHING, at
from tests.support.rows import a_failure, a_job, a_worker
from tests.support.sql import advisory_lock
from tests.support.staff import shown, signed_in

pytestmark = pytest.mark.django_db

NAMES: Final = frozenset("UTC CSV JSON MiB pgjobs Procrastinate cron null true false".split())
"""Names that are the same in every language."""
COLUMNS: Final = frozenset(field.attname for field in Job._meta.get_fields() if field.concrete)
"""The part *Technical columns* names them."""
WRITTEN: Final = ("who", "subject", "carrier")
WORD: Final = re.compile(r"[A-Za-z]{2,}")


@pytest.fixture
def in_disguise(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.LANGUAGE_CODE = "de"
    with disguise(monkeypatch):
        yield


def texts_in(value: Any) -> Iterator[str]:
    """Yield all texts in a JSON value, its keys included."""
    if isinstance(value, dict):
        yield from map(str, value)
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from texts_in(each)
    elif value is not None:
        yield str(value)


def data() -> list[str]:
    """Return what people and programs wrote into the tables and the code, the longest first."""
    found = {*LEVELS, *registered(), MASK, "staff", "admin", "jobs", "status:live", "queue:default"}
    found |= {*WORD.findall(str(inspect.signature(Typed.run))), *Speed.__members__}
    for job in Job.objects.all():
        found |= {job.name, job.job_class, job.queue_name, *job.error.split("\n")}
        found |= {*texts_in(job.kwargs), *texts_in(job.errors), *texts_in(job.progress)}
        found |= {*texts_in(job.data), *texts_in(job.result), *texts_in(job.meta)}
    for worker in WorkerProcess.objects.all():
        found |= {worker.name, worker.hostname, *worker.queues}
    found |= {*WorkerFacts.objects.values_list("code_version", flat=True), *known_queues()}
    found |= set(JobLogEntry.objects.values_list("message", flat=True))
    found |= {name for row in JournalEntry.objects.values_list(*WRITTEN) for name in row}
    found |= {name for row in SavedView.objects.values_list("name", "query") for name in row}
    found |= {*Schedule.objects.values_list("job_class", flat=True)}
    found |= {*Schedule.objects.values_list("cron", flat=True)}
    found |= {*Pause.objects.values_list("name", flat=True)}
    found |= {*Site.objects.values_list("name", flat=True)}
    found |= {model._meta.label_lower for model in apps.get_models()}
    found |= {
        str(model._meta.verbose_name) for model in apps.get_app_config("testapp").get_models()
    }
    found |= {
        (target.__doc__ or "").strip().partition("\n\n")[0] for target in registered().values()
    }
    found |= {str(name_of(target)) for target in registered().values()}
    found |= {str(options_of(target).description) for target in registered().values()}
    found |= {each.rpartition(".")[2] for each in found if " " not in each}
    return sorted((each for each in found if WORD.search(each)), key=len, reverse=True)


def untranslated(html: str, written: Iterable[str]) -> set[str]:
    """Return the texts of a page with words that are neither in disguise, nor data, nor names."""
    names = "|".join(re.escape(each) for each in (*written, *NAMES))
    known = re.compile(rf"(?<![A-Za-z])(?:{names})(?![A-Za-z])")
    return {
        text
        for text in Spoken.of(html)
        if WORD.search(text) and text not in COLUMNS and WORD.search(known.sub("", text))
    }


def english_on(client: Client, addresses: Iterable[str]) -> dict[str, set[str]]:
    """Return the texts without German by the address of their page."""
    written = data()
    found = {each: untranslated(shown(client, each), written) for each in addresses}
    return {address: texts for address, texts in found.items() if texts}


class EveryState(Scene):
    """Rows in states that a page has words for."""

    def __init__(self) -> None:
        super().__init__()
        user = User.objects.first()
        self._make_jobs(user)
        self._make_workers()
        self._make_schedules()
        Pause.objects.pause(job_class=Noop.path)
        SavedView.objects.create(user_key=str(getattr(user, "pk", "")), name="Mine", query="id:7")
        self._make_entries()

    def _make_jobs(self, user: Any) -> None:
        many = [a_failure(attempt=number) for number in range(1, 6)]
        rows: list[dict[str, Any]] = [
            {"queue_name": "low"},
            {"status": "scheduled", "scheduled": ago(hours=-2), "attempt": 1, "errors": many[:1]},
            {"status": "scheduled", "scheduled": ago(hours=-2), "interval": 2880},
            {"status": "running", "cancel_requested": timezone.now(), "worker": self.worker},
            {"status": "running", "progress": {"percent": 40, "message": "halfway"}, "user": user},
            {"status": "errored", "errors": many, "attempt": 5, "max_attempts": 5, "error": "boom"},
            {"status": "completed", "job_class": "gone.Class", "interruptions": 2, "priority": 3},
            {"status": "completed", "result": {"a": [], "b": "", "c": "0" * 3000}, "interval": 60},
            {"status": "cancelled", "started": None},
            {"status": "completed", "name": "Noop", "kwargs": {"password": "hidden"}},
        ]
        for columns in rows:
            self.jobs.append(a_job(columns.pop("status", "pending"), **columns))

    def _make_workers(self) -> None:
        self.workers = [
            a_worker(name="worker-2"),
            a_worker(name="worker-3", stopped=ago(hours=1)),
            a_worker(name="worker-4", draining=True, has_session_lock=False),
            a_worker(name="worker-5", has_session_lock=False),
        ]
        first, *_, last = [worker.pk for worker in self.workers]
        WorkerFacts.objects.create(
            worker_id=first, code_version="v7", pgjobs_version="1.0", memory=120
        )
        WorkerOrder.objects.create(worker_id=first, kind="drain")
        WorkerOrder.objects.create(worker_id=last, kind="restart")

    def _make_schedules(self) -> None:
        rules: list[dict[str, Any]] = [
            {"interval": 1},
            {"interval": 7},
            {"interval": 60},
            {"interval": 1440},
            {"interval": 2880},
            {"cron": "* * * * *"},
            {"cron": "*/5 * * * *"},
            {"cron": "7 * * * *"},
            {"cron": "15 3 * * *"},
            {"cron": "15 3 * * 2"},
            {"cron": "15 3 4 * *"},
            {"cron": "15 3 4 5 *"},
        ]
        states: list[dict[str, Any]] = [
            {"next_run": ago(hours=2)},
            {"switched_off": timezone.now(), "next_run": NEVER},
            {"enabled": False},
            {},
        ]
        self.schedules = [
            Schedule.objects.create(
                job_class=f"a.Class{number}",
                **{"next_run": ago(hours=-1), **rule, **states[number % len(states)]},
            )
            for number, rule in enumerate(rules)
        ]
        edited = self.schedules[3]
        edited.edited_interval = edited.interval
        edited.save()

    def _make_entries(self) -> None:
        self.entries = [self.entry]
        for number, state in enumerate(JournalEntry.State.values):
            surface = Surface.values[number]
            actor = Actor(who="ann", surface=surface)
            entry = note("run schedule", by=actor, subject=Noop.path)
            ended = None if state == "running" else timezone.now()
            JournalEntry.objects.filter(pk=entry.pk).update(
                state=state, ended=ended, counted=9, done=3, refused=1, error="boom"
            )
            self.entries.append(entry)
        self.entries.append(note("cancel", by=actor, jobs=[job.pk for job in self.jobs]))

    def addresses(self) -> list[str]:
        """Return the pages about each row, and pages that were asked for something."""
        jobs = [job.pk for job in self.jobs]
        return [
            *(at("job", key) for key in jobs),
            *(at("job-rerun", key) for key in jobs[:1]),
            *(at("job-delete", key) for key in jobs),
            at("job", self.failed.pk, level="error"),
            at("job", self.failed.pk, text="nowhere"),
            *(at("worker", worker.pk) for worker in self.workers),
            *(at("schedule", schedule.pk) for schedule in self.schedules),
            *(at("entry", entry.pk) for entry in self.entries),
            *(at("queue", name) for name in ("low", "high")),
            at("overview", span="day", numbers=1),
            at("enqueue-class", Typed.path),
            *(at("jobs", q=text) for text in ("status:live", "id:7", "boom")),
            at("jobs", before_id=self.failed.pk),
            at("jobs-confirm", verb="retry", id="all", q="queue:default"),
            at("jobs-confirm", verb="cancel", id="all", q="queue:default"),
            at("jobs-confirm", verb="delete", id="all", q="status:completed"),
            at("jobs-confirm", verb="delete", id="all", q="status:live"),
            at("jobs-confirm", verb="delete", id="all", q="name:nothing"),
            at("logs", q="nothing that was said"),
            at("journal", verb="retry", before=1),
        ]


@pytest.mark.parametrize("namespace", ["admin:pgjobs", "pgjobs"])
@pytest.mark.usefixtures("in_disguise")
def test_each_word_of_each_page_is_german(namespace: str, admin_client: Client) -> None:
    assert english_on(admin_client, addresses(Scene(), namespace)) == {}


@pytest.mark.usefixtures("in_disguise")
def test_each_word_is_german_in_every_state_of_the_rows(admin_client: Client) -> None:
    scene = EveryState()
    pages = [*addresses(scene, "admin:pgjobs"), *scene.addresses()]
    with advisory_lock(WORKER_LOCK, scene.workers[0].pk):  # this worker counts as alive
        assert english_on(admin_client, pages) == {}


@pytest.mark.usefixtures("in_disguise")
def test_each_word_is_german_if_there_is_nothing_to_show(admin_client: Client) -> None:
    names = ("overview", "doctor", "jobs", "queues", "workers", "schedules", "failures", "logs")
    pages = [at(name) for name in (*names, "journal", "enqueue")]
    assert english_on(admin_client, pages) == {}


@pytest.mark.usefixtures("in_disguise")
def test_each_word_is_german_for_a_user_who_sees_some_of_the_jobs(settings: Any) -> None:
    settings.PGJOBS = {"VISIBLE_JOBS": "tests.access.hooks.own_queues"}
    client, scene = signed_in(*EVERYTHING), EveryState()
    pages = [at(name) for name in ("overview", "queues", "workers", "failures", "schedules")]
    pages += [at("queue", "default"), at("schedule", scene.schedule.pk)]
    assert english_on(client, pages) == {}


@pytest.mark.parametrize(
    "query",
    [
        "colour:red",
        'error:"timed',
        "queue:",
        "queue:a queue:b",
        "status:odd",
        "worker:x",
        "id:1,x",
        "x" * 5000,
    ],
)
@pytest.mark.usefixtures("in_disguise")
def test_what_is_wrong_with_a_filter_is_told_in_german(query: str, admin_client: Client) -> None:
    said = admin_client.get(at("jobs"), {"q": query}).context["problems"][0]
    words = {each for each in re.findall(r"[A-Za-z_]{2,}", said) if set(each) != {"x"}}
    assert words <= {*FIELDS, *GROUPS, *JobStatus.values, *"arg colour red timed out odd".split()}
    assert re.search("[\uff41-\uff5a]{3}", said)


FORMS: Final[dict[str, dict[str, str]]] = {
    "pause": {"queue": "high"},
    "resume": {"queue": "low"},
    "retry-failures": {"ended": "", "ended_before": "2999-12-31T00:00:00+00:00"},
    "delete-failures": {"ended": "", "ended_before": "2999-12-31T00:00:00+00:00"},
    "jobs-save": {"q": "id:7"},
    "jobs-act": {"verb": "retry", "filter": '{"queue": "default"}', "q": "queue:default"},
}
ACTS: Final = (
    *ORDERS,
    "job-cancel",
    "job-retry",
    "job-delete",
    "job-rerun",
    "jobs-act",
    "jobs-save",
    "enqueue-class",
)


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.usefixtures("in_disguise", "no_system_jobs")
def test_what_an_action_did_is_told_in_german_once_and_twice(
    name: str, admin_client: Client
) -> None:
    scene = EveryState()
    Rhythm.setup(interval=60)
    scene.schedule.job_class = Rhythm.path
    scene.schedule.save()
    # The admin writes the first letter of a message large, also of a name.
    there = reverse(f"pgjobs:{name}", args=of(scene, name)) + scene.query(name)
    for _ in range(2):
        response = admin_client.post(there, FORMS.get(name, {}), follow=True)
        if response.status_code != 404:  # the page of Django, which has no German
            assert untranslated(response.content.decode(), data()) == set()


def of(scene: EveryState, name: str) -> list[Any]:
    """Return the arguments of the address of an action."""
    if name == "stop-action":
        return [scene.entries[-1].pk]
    if name in ("pause", "resume", "retry-failures", "delete-failures", "jobs-act", "jobs-save"):
        return []
    return scene.arguments(name)


@pytest.mark.usefixtures("in_disguise")
def test_a_form_that_is_refused_says_so_in_german(admin_client: Client) -> None:
    wrong = {"arg-count": "many", "arg-price": "x", "object_type": "testapp.site", "priority": "x"}
    response = admin_client.post(at("enqueue-class", Typed.path), wrong)
    assert response.context["form"].errors
    assert untranslated(response.content.decode(), data()) == set()


def test_a_word_without_german_is_found() -> None:
    way = disguised("Weg")
    assert untranslated("<p>Jobs that wait</p>", []) == {"Jobs that wait"}
    assert untranslated(f'<a title="{way}">{way}</a><a title="Open"></a>', []) == {"Open"}
    assert untranslated(f"<p>{way} high</p><code>x = None</code><p>yy</p>", ["high"]) == {"yy"}


# With Django's middleware ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("languages", "title", "number"),
    [("de-AT,de;q=0.9", "Übersicht", "12.345"), ("en", "Overview", "12,345")],
)
def test_the_browser_chooses_the_language_of_the_page_and_of_its_live_parts(
    languages: str, title: str, number: str, admin_client: Client, settings: Any
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    a_worker(concurrency=12345)
    for headers in ({}, {"HX-Request": "true"}):
        html = admin_client.get(
            at("overview"), headers={"accept-language": languages, **headers}
        ).content.decode()
        assert f'<h1 class="pgj-hidden">{title}</h1>' in html
        assert f"/{number}</span>" in html


def test_a_project_in_german_has_pages_in_german(admin_client: Client, settings: Any) -> None:
    settings.LANGUAGE_CODE = "de"
    a_job("running", started=ago(minutes=3))
    html = shown(admin_client, at("overview"))
    assert '<html lang="de"' in html
    for words in ("Derzeit laufend", "Fehlschläge der letzten 24 h", "Warteschlange", "3 min 0 s"):
        assert words in html
    assert "vor 1 min</time>" in shown(admin_client, at("job", a_job("completed").pk))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["12,345", "0.5", "4.2 s", "1,234", "<0.1", "3 min 5 s", "3 h", "2 d 0 h"]),
        ("de", ["12.345", "0,5", "4,2 s", "1.234", "<0,1", "3 min 5 s", "3 h", "2 d 0 h"]),
        ("fr", ["12\xa0345", "0,5", "4,2 s", "1\xa0234", "<0,1", "3 min 5 s", "3 h", "2 d 0 h"]),
    ],
)
def test_numbers_and_spans_are_written_as_in_the_language(language: str, said: list[str]) -> None:
    with translation.override(language):
        assert said == [
            numbers.whole(12345),
            numbers.decimal(0.49),
            spans.shown(4.24),
            rate(1234.4),
            rate(0.01),
            spans.concise(185),
            spans.concise(3 * 3600),
            spans.shown(2 * 86400),
        ]


@pytest.mark.parametrize(("language", "said"), [("sv", "Översikt"), ("de", "Lage")])
def test_a_project_adds_a_language_and_changes_single_words(
    language: str, said: str, tmp_path: Path, admin_client: Client, settings: Any
) -> None:
    own = Catalog(locale=language)
    own.add("Overview", said)
    folder = tmp_path / language / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "django.mo").open("wb") as file:
        write_mo(file, own)
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGE_CODE = language
    assert f'<h1 class="pgj-hidden">{said}</h1>' in shown(admin_client, at("overview"))
