"""The doctor: looks for faults that slow jobs down or keep them waiting, and names remedies.

`examine()` asks each specialist in turn, and only reads; a module is named for the subject of its
specialists. `checkup()` looks at the indexes, and `repair()` makes one anew. `faults()` is for
probes.
"""

from pgjobs.doctor.examination import be_impatient, examine
from pgjobs.doctor.finding import Finding, Severity
from pgjobs.doctor.health import faults
from pgjobs.doctor.indexes import Index, State, checkup, repair

__all__ = [
    "Finding",
    "Index",
    "Severity",
    "State",
    "be_impatient",
    "checkup",
    "examine",
    "faults",
    "repair",
]
