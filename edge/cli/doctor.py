"""`edgectl doctor`: what is missing on this machine. It imports nothing that may be missing itself."""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import click

from edge.broker.processes import is_installed
from edge.cli import board
from edge.cli.failure import EXIT_MISSING
from edge.cli.finding import Finding
from edge.cli.options import DEFAULT_CONFIG, broker_config, config_option, json_option
from edge.cli.output import print_json
from edge.config import EdgedConfig, load
from edge.errors import EdgeError
from edge.trust.identity import DeviceState

EDGED_CONFIG = Path("/etc/edged.toml")

BROKER_PROGRAMS = {
    "mosquitto": "mosquitto",
    "Xvfb": "xvfb",
    "x11vnc": "x11vnc",
    "openbox": "openbox",
    "chromium": "chromium",
}
BROKER_PACKAGES = ("aiohttp", "alembic", "pyotp", "segno", "sqlalchemy")
BOARD_PACKAGES = ("aiomqtt", "cryptography", "cv2", "msgspec", "numpy", "onnxruntime", "PIL", "segno")
KMS_PACKAGES = ("evdev", "pyudev", "xkbcommon")


@click.command()
@click.option(
    "--role",
    type=click.Choice(["broker", "board", "all"]),
    default="all",
    show_default=True,
    help="What this machine is.",
)
@click.option(
    "--edged-config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=EDGED_CONFIG,
    show_default=True,
    help="The configuration of edged.",
)
@config_option
@json_option
@click.pass_context
def doctor(context: click.Context, role: str, edged_config: Path, config_file: Path, *, as_json: bool) -> None:
    """Say which programs, packages and files are missing on this machine, and how to mend it.

    Exits with 3 if anything is missing.

    \b
    Examples:
      edgectl doctor --role board
      edgectl doctor --json | jq -r '.[] | select(.present | not) | .mend'
    """
    findings: list[Finding] = []
    if role in {"broker", "all"}:
        findings += _broker(config_file)
    if role in {"board", "all"}:
        findings += _board(edged_config)
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            click.echo(f"{'ok     ' if finding.present else 'MISSING'}  {finding.what}")
            if not finding.present:
                click.echo(f"         {finding.mend}")
    if not all(finding.present for finding in findings):
        context.exit(EXIT_MISSING)


def _broker(config_file: Path) -> Iterator[Finding]:
    for program, package in BROKER_PROGRAMS.items():
        yield Finding(f"program {program}", is_installed(program), f"apt-get install {package}")
    for package in BROKER_PACKAGES:
        yield _package(package, "pip install 'edge[broker]'")
    yield Finding("a font with Hangul", has_hangul(), "apt-get install fonts-noto-cjk")
    try:
        config = broker_config(config_file)
    except EdgeError as error:
        yield Finding(f"configuration {config_file}", present=False, mend=str(error))
        return
    named = config_file if config_file != DEFAULT_CONFIG or config_file.exists() else "of the broker (defaults)"
    yield Finding(f"configuration {named}", present=True)
    for name in ("ca.pem", "ca.key", "master.key"):
        path = config.data_dir / name
        yield Finding(f"file {path}", path.exists(), "edgectl ca init, or restore it from a backup")


def _board(edged_config: Path) -> Iterator[Finding]:
    for package in BOARD_PACKAGES:
        yield _package(package, "pip install edge")
    yield Finding("a font with Hangul", has_hangul(), "apt-get install fonts-noto-cjk")
    try:
        config = load(edged_config, EdgedConfig)
    except EdgeError as error:
        yield Finding(f"configuration {edged_config}", present=False, mend=str(error))
        return
    yield Finding(f"configuration {edged_config}", present=True)
    yield board.clock()
    if config.restore.scale == 4 and all(find_spec(package) is not None for package in BOARD_PACKAGES):
        yield board.restoring(config.restore)
    if config.display.kind == "kms":
        lacking = [_package(name, "pip install 'edge[board]'") for name in KMS_PACKAGES if find_spec(name) is None]
        yield from lacking or board.hardware(config.display)
    try:
        identity = DeviceState(config.state_dir).identity()
    except EdgeError as error:
        yield Finding(f"identity in {config.state_dir}", present=False, mend=str(error))
        return
    if identity is None:
        waiting = config.enrolment_file.exists()
        mend = f"edgectl device add NAME at the broker, and its file here as {config.enrolment_file}"
        yield Finding(f"enrolment (identity in {config.state_dir}, or {config.enrolment_file})", waiting, mend)
        return
    expires = identity.expires_at()
    yield Finding(
        f"certificate of device {identity.device} (until {expires:%Y-%m-%d %H:%MZ})",
        expires > datetime.now(UTC),
        f"set the clock, or enrol again: edgectl device add {identity.device} at the broker",
    )


def _package(name: str, mend: str) -> Finding:
    return Finding(f"Python package {name}", find_spec(name) is not None, mend)


def has_hangul() -> bool:
    """Whether fontconfig knows a font with Hangul."""
    if shutil.which("fc-list") is None:
        return False
    return bool(subprocess.run(["fc-list", ":lang=ko", "family"], capture_output=True, check=False).stdout.strip())
