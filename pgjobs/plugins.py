"""Queues of a plugin, named after it, as NetBox's plugins have them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured


class PluginConfig(AppConfig):
    """An AppConfig whose ``queues = ["foo"]`` creates the queue ``<plugin name>.foo``.

    The name is put in front so that two plugins can't take each other's queues.
    """

    queues: ClassVar[list[str]] = []

    # An apps.py that imports this class holds two AppConfigs, and Django then silently takes
    # neither, unless exactly one says that it is the default.
    default = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.default = vars(cls).get("default", True)

    @property
    def pgjobs_queues(self) -> tuple[str, ...]:
        """The full names of this plugin's queues."""
        queues: object = self.queues
        if not isinstance(queues, list) or not all(isinstance(name, str) for name in queues):
            raise ImproperlyConfigured(
                f"{type(self).__name__}.queues must be a list of strings, such as "
                f'["foo", "bar"], not {queues!r}.'
            )
        return tuple(f"{self.name}.{queue}" for queue in queues)
