"""What `edgectl doctor` says of each thing that it looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `mend` says what to do if it is not there."""

    what: str
    present: bool
    mend: str = ""
