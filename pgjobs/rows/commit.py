"""The caller's transaction, which Django opened or which the caller ends by hand."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connections, transaction


def is_in_transaction(using: str) -> bool:
    """Return whether the caller has a transaction, also if ``set_autocommit(False)`` began it."""
    connection = connections[using]
    return connection.in_atomic_block or not connection.get_autocommit()


def on_commit(using: str, act: Callable[[], object]) -> None:
    """Call ``act`` after the commit of the caller's transaction, or now if there is none.

    In a transaction that the caller ends by hand, Django calls it once the caller has committed and
    switched autocommit on again. Outside a block Django would refuse to remember it.
    """
    if connections[using].in_atomic_block or not is_in_transaction(using):
        transaction.on_commit(act, using=using, robust=True)
        return
    with transaction.atomic(using=using, savepoint=False):
        transaction.on_commit(act, using=using, robust=True)
