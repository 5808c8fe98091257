"""`manage.py demo --serve`: runs the admin and a worker until Ctrl-C."""

from __future__ import annotations

import socket
from typing import Final

from django.core.management.base import CommandError

from example_project.demo.children import Child, started
from example_project.demo.database import psql, shown
from example_project.demo.login import USERNAME, create_user
from example_project.demo.scene import set_scene
from example_project.demo.screen import Screen
from pgjobs.queues import known_queues

LOOPBACK: Final = "127.0.0.1"


def free_port(wanted: int) -> int:
    """Return `wanted`, or a free port if it is 0. Raises CommandError if the port is taken."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, wanted))
        except OSError as error:
            raise CommandError(
                f"Port {wanted}: {error.strerror}. Choose another with --port."
            ) from None
        port: int = listener.getsockname()[1]
        return port


def serve(screen: Screen, port: int) -> None:
    password = create_user()
    set_scene(USERNAME)
    # --insecure: without it, Django serves the admin's static files only if DEBUG is True.
    web = Child("web", "runserver", "--noreload", "--insecure", f"{LOOPBACK}:{port}")
    worker = Child("worker", "pgjobs_worker", *known_queues(), "--shutdown-timeout", "5")
    with started(web, worker):
        await_answer(web, port)
        screen.heading("Running until Ctrl-C")
        screen.facts(
            admin=f"http://{LOOPBACK}:{port}/admin/",
            jobs=f"http://{LOOPBACK}:{port}/admin/pgjobs/job/overview/",
            login=f"{USERNAME} / {password}",
            psql=psql(),
            web=f"process {web.pid}, {shown(web.log)}",
            worker=f"process {worker.pid}, {shown(worker.log)}",
        )
        while web.runs_on(0.5) and worker.runs_on(0.5):
            pass
        raise (worker if web.runs_on(0) else web).unexpected_end()


def await_answer(web: Child, port: int) -> None:
    while web.runs_on(0.05):
        with socket.socket() as client:
            if client.connect_ex((LOOPBACK, port)) == 0:
                return
    raise web.unexpected_end()
