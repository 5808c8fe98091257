"""Time: the schedules of system jobs, and procrastinate, which drives them and runs plain tasks."""

from pgjobs.clock.tasks import LowLevelTasks
from pgjobs.clock.tick import Clock, register_tick

__all__ = ["Clock", "LowLevelTasks", "register_tick"]
