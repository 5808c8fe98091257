"""Time: system jobs' schedules, and the project's own procrastinate tasks."""

from pgjobs.clock.tasks import LowLevelTasks
from pgjobs.clock.tick import Clock, register_tick

__all__ = ["Clock", "LowLevelTasks", "register_tick"]
