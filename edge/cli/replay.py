"""`edgectl replay`: a session of `edgectl view --record` again, frame by frame."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click

from edge.cli.viewing import upscaler_of, write, write_picture
from edge.display.headless import HeadlessDisplay
from edge.errors import EdgeError
from edge.geometry import Rect
from edge.pixels import Picture
from edge.restore.backends import BACKENDS
from edge.restore.cubic import CubicUpscaler
from edge.restore.upscaler import Upscaler
from edge.session.desktop import DesktopSession, DesktopSettings
from edge.session.memory import keep_small
from edge.session.recording import Recording
from edge.session.replay import NOWHERE, ReplayConnecting, at_once, run_in_replay_time
from edge.session.stage import Stage
from edge.session.view import view

LINGER_S = 0.5
"""What came last is restored and shown too."""


@click.command()
@click.argument("recording", type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "--speed", type=click.FloatRange(min=0), default=0, show_default=True, help="Times as fast; 0: as fast as it goes."
)
@click.option("--frames", type=click.Path(path_type=Path), help="Write what is shown into this folder, as PNG.")
@click.option(
    "--screenshot-at",
    type=click.FloatRange(min=0),
    multiple=True,
    metavar="SECONDS",
    help="Write only what is shown then; may be given more than once.",
)
@click.option("--backend", type=click.Choice(BACKENDS), default="auto", show_default=True, help="What restores.")
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="A network instead of the shipped one: an ONNX file, or a folder for NPUs.",
)
@click.option("--stats", type=click.Path(path_type=Path), help="Write figures here at the end (JSON).")
def replay(
    recording: Path,
    speed: float,
    frames: Path | None,
    screenshot_at: tuple[float, ...],
    backend: str,
    model: Path | None,
    stats: Path | None,
) -> None:
    """Take the recording FILE through the whole path again, without a network, always alike.

    Frames are named after their second, 0012.345.png. The exit status is 0, or 1 with a message: FILE is no recording,
    is one of another version, or is cut short.

    \b
    Examples:
      edgectl view desk.example:5900 --ca ca.pem --cert me.pem --key me.key --record session.edge
      edgectl replay session.edge --frames frames --stats figures.json
      edgectl replay session.edge --frames frames --screenshot-at 1.5 --screenshot-at 2
    """
    if screenshot_at and frames is None:
        raise click.UsageError("--screenshot-at needs --frames, the folder for the pictures")
    keep_small()
    whole = Recording.read(recording)
    # Restoring takes no time here, so what it takes cannot change what is shown.
    upscaler = upscaler_of(whole.scale, backend, model, clock=lambda: 0.0)
    try:
        run_in_replay_time(lambda: _replay(whole, upscaler, frames, screenshot_at, stats), speed)
    finally:
        if upscaler is not None:
            upscaler.close()


async def _replay(
    recording: Recording,
    upscaler: Upscaler | CubicUpscaler | None,
    frames: Path | None,
    moments: Sequence[float],
    stats: Path | None,
) -> None:
    loop = asyncio.get_running_loop()
    display = HeadlessDisplay(keep=False) if frames is None or moments else FrameWriter(frames)
    stage = Stage(display)
    session = DesktopSession(
        NOWHERE,
        DesktopSettings(),
        upscaler,
        stage,
        clock=loop.time,
        connect=ReplayConnecting(recording),
        threads=at_once,
    )
    if frames is not None:
        _make_folder(frames)
    async with asyncio.TaskGroup() as group:
        if frames is not None:
            for moment in moments:
                group.create_task(_write_at(moment, frames, stage), name="screenshot")
        error = await view(display, session, asyncio.Event(), recording.seconds + LINGER_S)
    if stats is not None:
        write(stats, session.report().to_json())
    if error is not None:
        raise error


class FrameWriter(HeadlessDisplay):
    """A display that writes each picture that it is given into a folder, by its second."""

    def __init__(self, folder: Path) -> None:
        super().__init__(keep=False)
        self._folder = folder

    async def present(self, picture: Picture, damage: Sequence[Rect]) -> None:  # noqa: ARG002  all of it is written
        """Write `picture`."""
        _write_frame(self._folder, picture, asyncio.get_running_loop().time())


async def _write_at(moment: float, folder: Path, stage: Stage) -> None:
    await asyncio.sleep(moment)
    _write_frame(folder, stage.picture, moment)


def _write_frame(folder: Path, picture: Picture | None, at_s: float) -> None:
    write_picture(folder / f"{at_s:08.3f}.png", picture)


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EdgeError(f"{path}: cannot make this folder: {error.strerror or error}") from error
