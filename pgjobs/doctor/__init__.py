"""The doctor: looks for faults that slow jobs down or keep them waiting, and names remedies.

`examine()` asks each specialist in turn, and only reads; a module is named for the subject of its
specialists. `register()` adds a check of the project's own. `checkup()` looks at the indexes, and
`repair()` makes one anew. `faults()` is for probes.
"""

from pgjobs.doctor.examination import examine
from pgjobs.doctor.finding import Finding, Severity
from pgjobs.doctor.health import faults
from pgjobs.doctor.indexes import Index, State, checkup, repair
from pgjobs.doctor.own_checks import register
from pgjobs.doctor.reading import be_impatient

__all__ = [
    "Finding",
    "Index",
    "Severity",
    "State",
    "be_impatient",
    "checkup",
    "examine",
    "faults",
    "register",
    "repair",
]
