"""The doctor: looks for faults that slow jobs down or keep them waiting, and names remedies.

It only reads. `examine()` asks each specialist in turn; a module is named for the subject of its
specialists.
"""

from pgjobs.doctor.examination import be_impatient, examine
from pgjobs.doctor.finding import Finding, Severity

__all__ = ["Finding", "Severity", "be_impatient", "examine"]
