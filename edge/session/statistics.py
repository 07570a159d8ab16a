"""What a session has cost and what it showed, as numbers: the content of `--stats` and of telemetry."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np


class Traffic(msgspec.Struct, frozen=True):
    """Bytes of RFB over one connection, inside TLS where there is TLS."""

    bytes_in: int
    bytes_out: int


class TileCounts(msgspec.Struct, frozen=True):
    """Tiles of 32x32 native pixels, counted each time."""

    kept: int
    """Damaged, and found unchanged."""
    recalled: int
    """Changed, and shown sharp from what stood there before, or elsewhere before a scroll."""
    restored: int
    """Upscaled."""
    sharpened: int
    """Became exact by what the server sent at full size."""
    fetched_again: int
    """Tiles of text that were exact already and came once more, in a rectangle with others."""
    agreed: int
    """Recalled tiles that the server showed to be right, pixel for pixel."""
    disagreed: int
    """Recalled tiles that the server showed to be wrong."""


class Milliseconds(msgspec.Struct, frozen=True):
    """Durations."""

    p50: float
    p95: float
    count: int


class Report(msgspec.Struct, frozen=True):
    """The whole of `--stats`."""

    seconds: float
    scale: int
    backend: str
    backend_failures: tuple[str, ...]
    """Backends that failed and were replaced, and why."""
    desktop: tuple[int, int]
    connections: dict[str, Traffic]
    updates: int
    tiles: TileCounts
    network_ms: Milliseconds | None
    first_picture_s: float | None
    """From the start of the first connection to the first whole picture on the display."""
    fraction_exact: float
    """Of all tiles."""
    fraction_likely: float
    """Of all tiles: exact elsewhere or before, with the same mean."""
    fraction_restored: float
    """Of all tiles: made up by what restores."""
    fraction_text_exact: float
    """Of the tiles that look like text."""
    fraction_text_sharp: float
    """Of the tiles that look like text, exact or likely: what was exact elsewhere or before, with the same mean."""
    resident_bytes: int
    peak_resident_bytes: int

    def to_json(self) -> bytes:
        """Encode, indented."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2)


@dataclass(slots=True)
class Counters:
    """Running counts of one session; survives reconnects."""

    updates: int = 0
    kept: int = 0
    recalled: int = 0
    restored: int = 0
    sharpened: int = 0
    fetched_again: int = 0
    agreed: int = 0
    disagreed: int = 0
    first_picture_s: float | None = None
    traffic: dict[str, Traffic] = field(default_factory=dict)

    def add_traffic(self, name: str, bytes_in: int, bytes_out: int) -> None:
        """Add what a connection that has ended has cost."""
        before = self.traffic.get(name, Traffic(0, 0))
        self.traffic[name] = Traffic(before.bytes_in + bytes_in, before.bytes_out + bytes_out)

    def tiles(self) -> TileCounts:
        """Return the tile counts so far."""
        return TileCounts(
            self.kept,
            self.recalled,
            self.restored,
            self.sharpened,
            self.fetched_again,
            self.agreed,
            self.disagreed,
        )


def milliseconds(calls_ms: "list[float]") -> Milliseconds | None:
    """Median and 95th percentile, None of nothing."""
    if not calls_ms:
        return None
    p50, p95 = np.percentile(calls_ms, [50, 95])
    return Milliseconds(round(float(p50), 2), round(float(p95), 2), len(calls_ms))


def resident_bytes() -> tuple[int, int]:
    """Return this process's resident memory now and at its peak. Source: proc(5), statm and status."""
    now = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    status = Path("/proc/self/status").read_text()
    peak = next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), now)
    return now, peak
