"""The ``flush`` of the tests, in place of Django's, which makes every content type and permission
anew after each test that commits: a quarter of a second of processor time."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.commands import flush
from django.db import connections

from tests.support.emptying import empty

_KEPT = {ContentType._meta.db_table, Permission._meta.db_table}
_made_by_django: dict[str, str] = {}
"""By the name of a database: the content types and permissions that Django's flush left there."""


class Command(flush.Command):
    """Leaves content types and permissions alone if they are those that Django's flush made.

    Only Django's test cases ask for a flush that keeps the sequences; any other flush is Django's.
    """

    def handle(self, **options: Any) -> None:
        using = options["database"]
        name = str(connections[using].settings_dict["NAME"])
        if options.get("reset_sequences", True) or options.get("inhibit_post_migrate"):
            super().handle(**options)
        elif _made_by_django.get(name) == _content_types_and_permissions(using):
            _empty_all_but_kept(using)
        else:
            super().handle(**options)
            _made_by_django[name] = _content_types_and_permissions(using)


def _empty_all_but_kept(using: str) -> None:
    names = connections[using].introspection.django_table_names(
        only_existing=True, include_views=False
    )
    empty(connections[using], set(names) - _KEPT)
    ContentType.objects.clear_cache()  # as Django's flush does


def _content_types_and_permissions(using: str) -> str:
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT string_agg(t::text, ' ' ORDER BY id) FROM django_content_type AS t) "
            "|| (SELECT string_agg(p::text, ' ' ORDER BY id) FROM auth_permission AS p)"
        )
        return str(cursor.fetchone()[0])
