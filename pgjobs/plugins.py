"""The app config of a plugin that has queues of its own, as NetBox's plugins have."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured


class PluginConfig(AppConfig):
    """An AppConfig that declares queues: ``queues = ["foo"]`` creates ``<plugin name>.foo``.

    The plugin's name comes first, so that two plugins can't take each other's queues.
    """

    queues: ClassVar[list[str]] = []

    # An apps.py that imports this class contains two AppConfigs. Django then silently uses neither,
    # unless exactly one of them is the default: the plugin's own class.
    default = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.default = vars(cls).get("default", True)

    @property
    def pgjobs_queues(self) -> tuple[str, ...]:
        """The full names of this plugin's queues.

        Raises ImproperlyConfigured if ``queues`` is not a list of strings.
        """
        queues: object = self.queues
        if not isinstance(queues, list) or not all(isinstance(name, str) for name in queues):
            raise ImproperlyConfigured(
                f"{type(self).__name__}.queues must be a list of strings, such as "
                f'["foo", "bar"], not {queues!r}.'
            )
        return tuple(f"{self.name}.{queue}" for queue in queues)
