"""A database whose locale is Turkish: there the small letter of I is no i.

The server of the tests' wheel is built without ICU, and most machines have no Turkish locale.
`localedef` compiles one for a server of the test's own.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import psycopg
import pytest

from example_project.postgres import EmbeddedPostgres
from tests.support.fresh_database import fresh_database
from tests.support.own_server import temporary_directory

LOCALE: Final = "tr_TR.utf8"
_SOURCE: Final = Path("/usr/share/i18n/locales/tr_TR")
_BY_ICU: Final = "LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR'"
_BY_LIBC: Final = f"LOCALE_PROVIDER libc LOCALE '{LOCALE}'"


@contextmanager
def turkish_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a new, empty database. Skips the test if this machine can make none."""
    try:
        with fresh_database(made=f"{_BY_ICU} ENCODING 'UTF8'") as url:
            yield url
        return
    except psycopg.errors.FeatureNotSupported:
        pass
    with temporary_directory() as directory:
        compile_locale(directory)
        monkeypatch.setenv("LOCPATH", str(directory))
        with EmbeddedPostgres() as server:
            with closing(psycopg.connect(server.url, autocommit=True)) as connection:
                made = f"{_BY_LIBC} ENCODING 'UTF8'"
                connection.execute(f"CREATE DATABASE turkish TEMPLATE template0 {made}".encode())
            yield server.url.removesuffix("postgres") + "turkish"


def compile_locale(directory: Path) -> None:
    """Compile the Turkish locale, for a server with ``directory`` as its LOCPATH."""
    if shutil.which("localedef") is None or not _SOURCE.exists():
        pytest.skip("the server has no ICU, and this machine has no source of the Turkish locale")
    command = ["localedef", "-i", "tr_TR", "-f", "UTF-8", str(directory / LOCALE)]
    subprocess.run(command, check=True)
    for path in (directory, *directory.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)  # the server may have another user
