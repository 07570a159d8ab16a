"""What tuning may do, as the configuration says it."""

from dataclasses import dataclass
from enum import StrEnum


class Quality(StrEnum):
    """How exactly pixels are sent."""

    #: Always as they are.
    LOSSLESS = "lossless"
    #: In JPEG while more moves than the link carries, and as they are once it rests.
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class LinkPolicy:
    """The policy's name and the bounds of what it chooses.

    JPEG quality and compression are levels from 0 (worst, fastest) to 9. `update_s` is how long an update may take the
    link while something moves: so long waits the echo of a key behind it.
    """

    quality: Quality = Quality.AUTO
    least_quality: int = 3
    most_quality: int = 8
    least_compression: int = 1
    most_compression: int = 6
    update_s: float = 0.1

    def __post_init__(self) -> None:
        for what, least, most in (
            ("quality", self.least_quality, self.most_quality),
            ("compression", self.least_compression, self.most_compression),
        ):
            if not 0 <= least <= most <= 9:
                raise ValueError(f"levels of {what} from {least} to {most}, expected 0 to 9 in rising order")
