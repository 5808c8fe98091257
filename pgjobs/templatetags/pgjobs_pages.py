"""The tags and filters of the pages' templates: the name of each, and its function."""

from __future__ import annotations

from django import template

from pgjobs.templatetags import addresses, figures, moments, words

register = template.Library()

register.simple_tag(addresses.address, takes_context=True)
register.simple_tag(addresses.jobs_of, takes_context=True)
register.simple_tag(addresses.kind_address, takes_context=True)
register.simple_tag(addresses.numbers_address, takes_context=True)
register.filter("is_key", addresses.is_key)

register.simple_tag(moments.zone)
register.filter("ago", moments.ago)
register.filter("age", moments.age)
register.filter("at", moments.at)
register.filter("due", moments.due)
register.filter("since", moments.since)
register.filter("for", moments.lasting)
register.filter("clock", moments.clock)
register.filter("moment", moments.moment)

register.filter("number", figures.number)
register.filter("count", figures.count)
register.filter("rate", figures.rate)
register.filter("added", figures.added)
register.filter("svg", figures.svg)
register.filter("span", figures.span)
register.filter("brief", figures.brief)
register.filter("rough", figures.rough)
register.filter("quiet_span", figures.quiet_span)
register.filter("every", figures.every)

register.filter("badge", words.badge)
register.filter("short", words.short)
register.filter("tone", words.tone)
register.filter("subject", words.subject)
register.filter("verb_in_words", words.verb_in_words)
register.filter("state_in_words", words.state_in_words)
register.filter("surface_in_words", words.surface_in_words)
