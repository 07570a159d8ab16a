"""`edged`: the composition root of the daemon on the board.

    edged [--config FILE]

Exit status: 0 after SIGTERM, SIGINT or a closed window; 1 if the display or the state directory cannot be used (systemd
starts it again); 2 if the configuration is wrong.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import systemd.daemon
import systemd.journal

from edge.config import EdgedConfig, LinkConfig, load
from edge.display.base import Display
from edge.display.headless import HeadlessDisplay
from edge.display.page import Look
from edge.display.words import Language
from edge.errors import ConfigError, EdgeError
from edge.geometry import Size
from edge.restore.backends import open_upscaler
from edge.restore.cubic import CubicUpscaler
from edge.restore.sharpen import SharpenPolicy
from edge.restore.upscaler import Upscaler
from edge.rfb.tuning import LinkPolicy, Quality
from edge.session.appliance import Appliance, connection_settings
from edge.session.desktop import DesktopSettings
from edge.session.memory import keep_small
from edge.session.stage import Stage
from edge.session.tasks import first_of

DEFAULT_CONFIG = Path("/etc/edged.toml")

_log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the daemon; see the module's docstring for its exit status."""
    parser = argparse.ArgumentParser(prog="edged", description="The thin client: signs in and shows a desktop.")
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help=f"TOML file (default {DEFAULT_CONFIG})")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", handlers=[log_handler(os.environ)])
    keep_small()
    try:
        asyncio.run(_serve(load(options.config, EdgedConfig)))
    except ConfigError as error:
        sys.exit(_complain(error, 2))
    except EdgeError as error:
        sys.exit(_complain(error, 1))


async def _serve(config: EdgedConfig) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with open_display(config) as display:
        appliance = open_appliance(config, display)

        async def stop() -> None:
            await stopped.wait()
            appliance.stop()
            await asyncio.Event().wait()

        await first_of(appliance.run, stop, lambda: _report_life(appliance.stage, watchdog_s(os.environ)))
        systemd.daemon.notify("STOPPING=1")


async def _report_life(stage: Stage, within_s: float | None) -> None:
    """Tell systemd when the first picture is shown, then, as often as its watchdog wants, that the display goes on."""
    await stage.turn()
    systemd.daemon.notify("READY=1")
    while True:
        await asyncio.sleep(3600 if within_s is None else within_s / 2)
        await stage.turn()
        systemd.daemon.notify("WATCHDOG=1")


def log_handler(environment: Mapping[str, str]) -> logging.Handler:
    """Return what writes to the journal if standard error goes there, with each message's own priority.

    Source: systemd.exec(5), $JOURNAL_STREAM.
    """
    try:
        opened = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return logging.StreamHandler()
    if environment.get("JOURNAL_STREAM") == f"{opened.st_dev}:{opened.st_ino}":
        handler: logging.Handler = systemd.journal.JournalHandler(SYSLOG_IDENTIFIER="edged")
        return handler
    return logging.StreamHandler()


def watchdog_s(environment: Mapping[str, str]) -> float | None:
    """Return within how many seconds systemd wants to hear of us again, None if it does not watch.

    Source: sd_watchdog_enabled(3).
    """
    usec = environment.get("WATCHDOG_USEC", "")
    if not usec.isdecimal() or int(usec) == 0 or environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(usec) / 1_000_000


def open_display(config: EdgedConfig) -> Display:
    """Make the display that the configuration names, not yet entered."""
    wanted = config.display
    size = Size(wanted.width, wanted.height) if wanted.width and wanted.height else None
    if wanted.kind == "headless":
        return HeadlessDisplay(size)
    if wanted.kind == "kms":
        from edge.session.board import open_board  # noqa: PLC0415 - evdev and XKB only on a board

        return open_board(wanted, config.keyboard)
    from edge.display.window import WindowDisplay  # noqa: PLC0415 - Xlib only where a window is wanted

    return WindowDisplay("edge")


def open_appliance(config: EdgedConfig, display: Display) -> Appliance:
    """Put the appliance together; raises `EdgeError` if a part of it cannot be used."""
    language = Language(config.display.language)
    return Appliance(
        display,
        Look.of(language),
        config,
        _upscaler(config),
        DesktopSettings(
            connection_settings(),
            SharpenPolicy(config.sharpen.policy),
            config.sharpen.cap_kbit or None,
            shows_mark=True,
            link=_link(config.link),
        ),
    )


def _link(config: LinkConfig) -> LinkPolicy:
    quality, compression = config.least_quality, config.least_compression
    if quality > config.most_quality or compression > config.most_compression:
        raise ConfigError("[link]: a least_ level is above its most_ level")
    return LinkPolicy(
        Quality(config.quality),
        quality,
        config.most_quality,
        compression,
        config.most_compression,
        config.update_ms / 1000,
    )


def _upscaler(config: EdgedConfig) -> Upscaler | CubicUpscaler | None:
    if config.restore.scale == 1:
        return None
    if config.restore.scale == 2:
        return CubicUpscaler(2)
    model = Path(config.restore.model) if config.restore.model else None
    return open_upscaler(config.restore.backend, model)


def _complain(error: EdgeError, status: int) -> int:
    print(f"edged: error: {error}", file=sys.stderr)  # noqa: T201 - the last word of a program that ends
    return status
