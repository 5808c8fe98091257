from __future__ import annotations

from pgjobs.plugins import PluginConfig


class MyPluginConfig(PluginConfig):
    """Analyses the Python files of the inventory, on the queue `myplugin.foo`."""

    name = "myplugin"
    verbose_name = "My plugin"
    queues = ["foo"]

    def ready(self) -> None:
        from inventory.signals import files_changed, source_synced
        from myplugin.receivers import analyse_python_files, recount_file_types

        files_changed.connect(analyse_python_files)
        source_synced.connect(recount_file_types)
