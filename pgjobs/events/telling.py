"""Telling an event to its listeners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar


class Event:
    """The base class of all events.

    Events are not frozen, because two are made for each job: a frozen dataclass takes three times
    as long to make.
    """

    __slots__ = ()


@dataclass(slots=True)
class ListenerFailed(Event):
    """A listener raised ``error`` when it was told ``event``."""

    listener: object
    event: Event
    error: BaseException


E = TypeVar("E", bound=Event)
Listener = Callable[[Any], object]

_subscriptions: tuple[tuple[type[Event], Listener], ...] = ()
_listeners: dict[type[Event], tuple[Listener, ...]] = {}
"""The listeners of each kind of event that was told since the last change of subscriptions."""

_change = Lock()


def listen(kind: type[E], listener: Callable[[E], object]) -> Callable[[], None]:
    """Call ``listener`` with each event of ``kind`` from now on; return a function that ends this.

    A subclass of ``kind`` counts as ``kind``, so ``listen(Event, …)`` hears every event.

    The listener is called in the thread that tells the event, while the engine waits: it must be
    quick. An exception of the listener is told as `ListenerFailed`, and changes nothing.
    """
    subscription = (kind, listener)
    with _change:
        _subscribe((*_subscriptions, subscription))

    def end() -> None:
        with _change:
            _subscribe(tuple(known for known in _subscriptions if known is not subscription))

    return end


def tell(event: Event) -> None:
    """Call the listeners of ``event``, in the order in which they began to listen."""
    kind = type(event)
    listeners = _listeners.get(kind)
    if listeners is None:
        listeners = _find_listeners(kind)
    for listener in listeners:
        try:
            listener(event)
        except Exception as error:
            # If a failure to hear of a failure were told, telling could go on for ever.
            if kind is not ListenerFailed:
                tell(ListenerFailed(listener, event, error))


def _subscribe(subscriptions: tuple[tuple[type[Event], Listener], ...]) -> None:
    global _subscriptions, _listeners
    _subscriptions = subscriptions
    _listeners = {}


def _find_listeners(kind: type[Event]) -> tuple[Listener, ...]:
    # The dict is taken before the subscriptions are read. If they change meanwhile, the outdated
    # answer goes to a dict that is not in use any more.
    listeners = _listeners
    found = tuple(listener for base, listener in _subscriptions if issubclass(kind, base))
    listeners[kind] = found
    return found
