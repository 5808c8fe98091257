"""Statements of several callers for the same rows.

Two transactions that lock the same rows in different orders wait for each other, and PostgreSQL
ends one of them. So each statement of the engine that locks several jobs locks them in the order of
their ids, and jobs before their logs.

A caller's own transaction can still lock jobs in another order. And above the isolation level
``read committed`` PostgreSQL ends a transaction whose row has changed since its snapshot.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import psycopg
from django.core.exceptions import ObjectDoesNotExist
from django.db import OperationalError, connections, transaction

T = TypeVar("T")

TURNS: Final = 20
"""How often a statement or a transaction is tried that PostgreSQL ends in favour of others."""
GAVE_WAY: Final = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)
"""The errors with which PostgreSQL ends a transaction in favour of another one."""


def gave_way(error: BaseException) -> bool:
    """Return whether PostgreSQL ended the transaction of ``error`` in favour of another one."""
    return isinstance(error.__cause__, GAVE_WAY)


def in_transaction(using: str, act: Callable[[], T]) -> T:
    """Return the result of ``act``, which runs in a transaction.

    If the caller has opened the transaction, ``act`` joins it. If not, ``act`` is called again
    after PostgreSQL ended the transaction in favour of another one.
    """
    if connections[using].in_atomic_block:
        with transaction.atomic(using=using, savepoint=False):
            return act()

    def act_in_transaction() -> T:
        with transaction.atomic(using=using):
            return act()

    return alone(using, act_in_transaction)


def alone(using: str, act: Callable[[], T]) -> T:
    """Return the result of ``act``, a single statement or a transaction.

    Outside a transaction of the caller, ``act`` is called again after PostgreSQL ended it in favour
    of another one.
    """
    if connections[using].in_atomic_block:  # only the caller can begin it again
        return act()
    for _ in range(TURNS - 1):
        try:
            return act()
        except OperationalError as error:
            if not gave_way(error):
                raise
            time.sleep(random.uniform(0, 0.05))
    return act()


def reread(job: Any, using: str, fields: list[str] | None = None) -> bool:
    """Read ``job`` from its row, or only its ``fields``; return False if the row is gone.

    Another caller may delete a job at any moment, also just after a statement that changed it.
    """
    try:
        job.refresh_from_db(using=using, fields=fields)
    except ObjectDoesNotExist:
        return False
    return True
