"""Tags and filters of the pages' templates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext

from pgjobs.choices import JobStatus
from pgjobs.pages import journal, numbers, page, spans
from pgjobs.pages.listing.language import Term
from pgjobs.pages.schedules import rules

register = template.Library()

_NONE: Final = SafeString('<span class="pgj-zero">-</span>')


@register.simple_tag(takes_context=True)
def address(context: dict[str, Any], name: str, *args: Any, **query: Any) -> str:
    """Return the address of a page in the place of the present one."""
    return page.address(context["request"], name, *args, **query)


@register.filter
def span(value: timedelta | float | None) -> str:
    """Show a span of time, such as ``4 min 20 s``."""
    return spans.shown(value)


@register.filter
def ago(moment: datetime | None) -> SafeString | str:
    """Show a moment as the time since then or until then; its tooltip is the moment itself."""
    if moment is None:
        return "-"
    away = (timezone.now() - moment).total_seconds()
    words = gettext("%s ago") if away >= 0 else gettext("in %s")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        date_format(localtime(moment), "Y-m-d H:i:s T"),
        words % spans.rough(abs(away)),
    )


@register.filter
def age(moment: datetime) -> SafeString:
    """Show how old something is, in one unit; the tooltip is the moment itself."""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        date_format(localtime(moment), "Y-m-d H:i:s T"),
        spans.rough(max((timezone.now() - moment).total_seconds(), 0)),
    )


@register.filter
def at(moment: datetime | None) -> SafeString | str:
    """Show a moment to the second, in the zone of the project."""
    if moment is None:
        return "-"
    shown = date_format(localtime(moment), "Y-m-d H:i:s")
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), shown)


@register.filter
def number(value: int | None) -> str:
    """Show a whole number with its thousands parted, such as ``12,345``; None as a dash."""
    return "-" if value is None else numbers.whole(value)


@register.filter
def brief(value: timedelta | float | None) -> str:
    """Show a span of time in whole seconds, such as ``45 s``."""
    return spans.brief(value)


@register.filter
def count(value: int | None) -> SafeString | str:
    """Show a count; a zero is quiet, because it asks for nothing."""
    return (
        number(value) if value else format_html('<span class="pgj-zero">{}</span>', number(value))
    )


@register.filter
def quiet_span(value: timedelta | None) -> SafeString | str:
    """Show a span of time; none is a quiet dash."""
    return _NONE if value is None else spans.shown(value)


@register.filter
def rate(value: float | None) -> SafeString | str:
    """Show jobs per minute: ``0.4``, ``410``; a zero is quiet."""
    if not value:
        return format_html('<span class="pgj-zero">{}</span>', "-" if value is None else "0")
    if value < 0.05:
        return f"<{numbers.decimal(0.1)}"
    return numbers.decimal(value, 0 if value >= 10 else 1)


@register.filter
def badge(status: str) -> SafeString:
    """Show the status of a job as a coloured label."""
    if status not in JobStatus:
        return format_html('<span class="pgj-badge">{}</span>', status)
    known = JobStatus(status)
    return format_html('<span class="pgj-badge pgj-{}">{}</span>', known.color, known.label)


@register.filter
def short(path: str) -> str:
    """Show the last name of a dotted path."""
    return str(path).rpartition(".")[2]


@register.filter
def rough(value: timedelta) -> str:
    """Show a span of time in one unit, such as ``3 min``."""
    return spans.rough(value.total_seconds())


@register.filter
def due(moment: datetime) -> SafeString | str:
    """Show a moment of a schedule: the time until then, or that it is now."""
    if abs((timezone.now() - moment).total_seconds()) < 1:
        return gettext("now")
    return ago(moment)


@register.filter(name="for")
def lasting(moment: datetime) -> str:
    """Show how long something has lasted that began at ``moment``."""
    return spans.brief(timezone.now() - moment)


@register.filter
def since(moment: datetime) -> str:
    """Show roughly how long ago a moment was, such as ``10 min``."""
    return spans.rough(max(0, (timezone.now() - moment).total_seconds()))


@register.filter
def moment(value: datetime) -> str:
    """Show a moment as plain text, for a tooltip."""
    return date_format(localtime(value), "Y-m-d H:i T")


@register.simple_tag
def zone() -> str:
    """Return the name of the time zone in which moments are shown."""
    return timezone.get_current_timezone_name()


@register.filter
def tone(name: str, tones: dict[str, str]) -> str:
    """Return the colour of a state."""
    return tones.get(name, "gray")


@register.filter
def subject(what: Any) -> str:
    """Show in a few words which jobs an action was about."""
    if not isinstance(what, dict):
        return ""
    if isinstance(filters := what.get("filter"), dict):
        return " ".join(f"{key}:{_in_short(value)}" for key, value in filters.items())
    ids = what.get("ids")
    if not isinstance(ids, list) or not ids:
        return ""
    named, more = ", ".join(str(each) for each in ids[:3]), len(ids) - 3
    if more <= 0:
        return ngettext("job %s", "jobs %s", len(ids)) % named
    said = ngettext("jobs %(ids)s and %(more)d more", "jobs %(ids)s and %(more)d more", more)
    return said % {"ids": named, "more": more}


@register.filter
def verb_in_words(verb: str) -> str:
    """Show the verb of an action; a verb that SQL by hand wrote as it is."""
    return str(journal.VERBS.get(verb, verb))


@register.filter
def state_in_words(state: str) -> str:
    """Show the state of an action."""
    return str(journal.WORDS_OF_STATES.get(state, state))


@register.filter
def surface_in_words(surface: str) -> str:
    """Show the surface on which somebody acted."""
    return str(journal.SURFACES.get(surface, surface))


@register.filter
def every(minutes: int) -> str:
    """Show an interval, such as ``every 2 hours``."""
    return rules.every(minutes)


@register.filter
def is_key(value: Any) -> bool:
    """Return whether a page of a job can have this id. SQL by hand can write any JSON."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


@register.filter
def svg(number: float) -> str:
    """Show a coordinate with a point, whatever the language is."""
    return f"{number:g}"


@register.filter
def added(numbers: list[int]) -> int:
    """Return the sum."""
    return sum(numbers)


@register.filter
def clock(moment: datetime, span_name: str) -> SafeString:
    """Show the begin of a chart: the time of a day, and the day for a longer chart."""
    shape = "H:i" if span_name == "hour" else "D H:i"
    shown = date_format(localtime(moment), shape)
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), shown)


@register.simple_tag(takes_context=True)
def numbers_address(context: dict[str, Any]) -> str:
    """Return the address of the present page with the numbers of its chart as a table."""
    query = context["request"].GET.copy()
    query["numbers"] = "1"
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def jobs_of(context: dict[str, Any], **filters: Any) -> str:
    """Return the address of the list of jobs with these filters: ``queue=… status=…``.

    A filter named ``job_class`` is written as ``class:``. A value with a space is quoted.
    """
    terms = (Term(_WORDS.get(key, key), str(value)) for key, value in filters.items())
    return page.address(context["request"], "jobs", q=" ".join(map(str, terms)))


@register.simple_tag(takes_context=True)
def kind_address(context: dict[str, Any], name: str, kind: Any, **query: Any) -> str:
    """Return the address of a page about a kind of failure."""
    return page.address(context["request"], name, **kind.query(), **query)


def _in_short(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


_WORDS: Final = {"job_class": "class"}
