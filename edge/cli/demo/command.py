"""`edgectl demo`: everything on this machine for a minute, measured beside a TigerVNC viewer."""

import asyncio
import logging
import os
import signal
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.broker.processes import is_installed
from edge.cli.doctor import BROKER_PACKAGES, BROKER_PROGRAMS, has_hangul
from edge.cli.output import print_json
from edge.errors import EdgeError

if TYPE_CHECKING:  # what may be missing is looked for first
    from edge.cli.demo.figures import Figures

INTERRUPTED = 130
REPORT = "index.html"


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-out"),
    show_default=True,
    help="Folder of the report and its pictures.",
)
@click.option(
    "--display",
    type=click.Choice(["auto", "headless", "window"]),
    default="auto",
    show_default=True,
    help="Where the appliance draws; auto: in a window where DISPLAY is set.",
)
@click.option("--short", is_flag=True, help="Leave out part of the reading.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON; the steps go to standard error.")
@click.pass_context
def demo(context: click.Context, out: Path, display: str, *, short: bool, as_json: bool) -> None:
    """Run a whole installation on this machine, and measure it.

    Brings up a broker and a desktop in a temporary folder, enrols an appliance, signs a user in by a typed code, and
    uses a browser through the whole pixel path, while a TigerVNC viewer watches the same desktop. Takes about a minute,
    opens loopback ports only, and ends everything that it started. Leaves a report with pictures: OUT/index.html.

    \b
    Examples:
      edgectl demo
      edgectl demo --out /tmp/demo --display headless
      edgectl demo --json | jq .fraction_text_exact

    \b
    Exit codes: 0 the report is written; 1 a step failed, the message says what to do; 2 wrong usage;
    130 ended by SIGINT or SIGTERM.
    """
    began = time.monotonic()

    def say(text: str) -> None:
        click.echo(f"[{time.monotonic() - began:5.1f} s] {text}", err=as_json)

    _require_all()
    # Parts that come up and end together lose sight of each other for a moment; only what is an error is told.
    logging.basicConfig(level=logging.ERROR, format="edgectl: %(name)s: %(message)s")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EdgeError(f"{out}: cannot be made: {error.strerror}; choose another folder with --out") from error
    windowed = display == "window" or (display == "auto" and bool(os.environ.get("DISPLAY")))
    try:
        figures = asyncio.run(_interruptible(out, say, windowed=windowed, short=short))
    except asyncio.CancelledError:
        click.echo("edgectl: ended before the demo was over; everything that it started has ended too", err=True)
        context.exit(INTERRUPTED)
    if as_json:
        print_json(figures)
    else:
        click.echo(f"\n{figures.line}\nreport: {out / REPORT}")


def _require_all() -> None:
    """Raise `EdgeError` with what to install, all at once, if something is missing."""
    packages = [package for program, package in BROKER_PROGRAMS.items() if not is_installed(program)]
    if not has_hangul():
        packages.append("fonts-noto-cjk")
    if packages:
        raise EdgeError(f"this machine lacks what the demo runs; install it: apt-get install {' '.join(packages)}")
    if lacking := [name for name in BROKER_PACKAGES if find_spec(name) is None]:
        raise EdgeError(f"Python packages are missing ({', '.join(lacking)}): pip install 'edge[broker]'")


async def _run(out: Path, say: Callable[[str], None], *, windowed: bool, short: bool) -> "Figures":
    """Run the demo in a temporary folder, and write its report to `out`."""
    # Imported here: what they need was looked for first.
    from edge.cli.demo.figures import of as figures_of  # noqa: PLC0415
    from edge.cli.demo.pictures import make as make_pictures  # noqa: PLC0415
    from edge.cli.demo.report import write as write_report  # noqa: PLC0415
    from edge.cli.demo.run import SIZE, Demo  # noqa: PLC0415
    from edge.display.headless import HeadlessDisplay  # noqa: PLC0415
    from edge.display.window import WindowDisplay  # noqa: PLC0415
    from edge.restore.backends import open_upscaler  # noqa: PLC0415

    upscaler = await asyncio.to_thread(open_upscaler)
    try:
        # Ended programs may still be writing for a moment.
        with tempfile.TemporaryDirectory(prefix="edge-demo-", ignore_cleanup_errors=True) as folder:
            display = WindowDisplay("edge demo") if windowed else HeadlessDisplay(SIZE)
            visit = await Demo(Path(folder), display, upscaler, say, short=short).run()
        pictures = await asyncio.to_thread(make_pictures, visit.native, visit.shown, visit.sign_in, upscaler)
        figures = await asyncio.to_thread(figures_of, visit, pictures)
        await asyncio.to_thread(pictures.write, out)
        await asyncio.to_thread(write_report, out / REPORT, figures, pictures)
    finally:
        upscaler.close()
    return figures


async def _interruptible(out: Path, say: Callable[[str], None], *, windowed: bool, short: bool) -> "Figures":
    """Run it as a task that the first signal cancels; the ones after it find it ending already."""
    running = asyncio.create_task(_run(out, say, windowed=windowed, short=short), name="demo")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _cancel_once, running)
    return await running


def _cancel_once(task: "asyncio.Task[Figures]") -> None:
    if not task.cancelling():
        task.cancel()
