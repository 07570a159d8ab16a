"""What the demo measures, as `--json` prints it."""

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import msgspec
import numpy as np

from edge.pixels import Picture, to_bgr
from edge.session.statistics import Milliseconds, Report

if TYPE_CHECKING:  # both measure with what is here
    from edge.cli.demo.pictures import Pictures
    from edge.cli.demo.run import Visit


class StepFigures(msgspec.Struct, frozen=True):
    """One thing that the user did."""

    name: str
    bytes: int
    """That the appliance received."""
    viewer_bytes: int | None
    """That the TigerVNC viewer received meanwhile; None without a viewer."""
    text_sharp_s: float | None
    """From the first key to when all text stood sharp, None if it did not before the next step."""


class Fidelity(msgspec.Struct, frozen=True):
    """How near one picture is to the native one."""

    psnr_y_db: float | None
    """Of the luma; None for two equal pictures."""
    equal_share: float
    """Of the pixels, those that are equal."""


class Machine(msgspec.Struct, frozen=True):
    """On what it ran."""

    processor: str
    cores: int
    system: str


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of it. Bytes are those from servers to clients, of RFB, without TLS's and TCP's own."""

    seconds: float
    """From the appliance's connection to the last picture."""
    desktop: tuple[int, int]
    bytes: int
    low_bytes: int
    """Of `bytes`, for the quarter-size picture."""
    full_bytes: int
    """Of `bytes`, for what was fetched exact."""
    viewer_bytes: int | None
    first_picture_s: float | None
    fraction_text_exact: float
    fraction_exact: float
    backend: str
    network_ms: Milliseconds | None
    """Per call during the visit: what changed on the screen."""
    whole_screen_ms: float
    """For all of the screen at once, the median of a few calls at rest."""
    typed: str
    """What the browser says was typed."""
    bicubic: Fidelity
    restored: Fidelity
    shown: Fidelity
    steps: tuple[StepFigures, ...]
    machine: Machine

    @property
    def share_of_viewer(self) -> float | None:
        """The appliance's bytes as a share of the viewer's."""
        return self.bytes / self.viewer_bytes if self.viewer_bytes else None

    @property
    def line(self) -> str:
        """The figures in one line."""
        beside = "without a TigerVNC viewer to compare with"
        if self.viewer_bytes and self.share_of_viewer:
            beside = f"beside the TigerVNC viewer's {megabytes(self.viewer_bytes)} ({self.share_of_viewer:.0%})"
        first = "never" if self.first_picture_s is None else f"{self.first_picture_s:.2f} s"
        network = "not used" if self.network_ms is None else f"{self.network_ms.p50:.0f} ms per frame (p50)"
        return (
            f"{megabytes(self.bytes)} {beside}; first picture {first}; text exact {self.fraction_text_exact:.1%}; "
            f"network {network}, {self.whole_screen_ms:.0f} ms for a whole screen"
        )


def megabytes(count: int) -> str:
    """Write a number of bytes."""
    return f"{count / 1e6:.2f} MB"


def traffic(report: Report, name: str) -> int:
    """Return what one of the session's connections has received."""
    return report.connections[name].bytes_in if name in report.connections else 0


def of(visit: "Visit", pictures: "Pictures") -> Figures:
    """Sum a visit up."""
    report, viewer = visit.report, [step.viewer_bytes for step in visit.steps if step.viewer_bytes is not None]
    low, full = traffic(report, "low"), traffic(report, "full")
    return Figures(
        seconds=report.seconds,
        desktop=report.desktop,
        bytes=low + full,
        low_bytes=low,
        full_bytes=full,
        viewer_bytes=sum(viewer) if viewer else None,
        first_picture_s=report.first_picture_s,
        fraction_text_exact=report.fraction_text_exact,
        fraction_exact=report.fraction_exact,
        backend=report.backend,
        network_ms=report.network_ms,
        whole_screen_ms=round(pictures.whole_screen_ms, 1),
        typed=visit.typed,
        bicubic=fidelity(pictures.bicubic, pictures.native),
        restored=fidelity(pictures.restored, pictures.native),
        shown=fidelity(pictures.sharpened, pictures.native),
        steps=visit.steps,
        machine=machine(),
    )


def fidelity(picture: Picture, native: Picture) -> Fidelity:
    """Compare `picture` with `native`; both (height, width)."""
    lumas = [cv2.cvtColor(to_bgr(each), cv2.COLOR_BGR2GRAY) for each in (picture, native)]
    equal = float(np.mean((picture ^ native) & np.uint32(0xFFFFFF) == 0))
    same_luma = np.array_equal(lumas[0], lumas[1])
    return Fidelity(None if same_luma else round(float(cv2.PSNR(lumas[0], lumas[1])), 2), round(equal, 4))


def machine() -> Machine:
    """Describe this machine. Source: proc(5)."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model")))
    return Machine(
        processor=next(named, platform.machine()),
        cores=len(os.sched_getaffinity(0)),
        system=f"{platform.freedesktop_os_release().get('PRETTY_NAME', 'Linux')}, {platform.machine()}",
    )
