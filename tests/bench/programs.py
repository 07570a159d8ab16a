"""The programs of a desktop, each started until its window is there, and ended with its block."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench.desktop import Desktop
from tests.servers import process, require

CHROMIUM = (  # noqa: SIM905 - a command line is read best as one
    "--no-first-run --no-default-browser-check --disable-sync --disable-background-networking --disable-gpu "
    "--disable-component-update --disable-default-apps --password-store=basic --force-device-scale-factor=1 "
    "--start-maximized --window-position=0,0 --window-size=1920,1080 --test-type "
    "--disable-features=Translate,MediaRouter"
).split()


# Prints the file of its argument, a line at a time, whenever a line comes in; after `clear`, its head alone.
LISTING = """
stty -echo
head -n 24 "$1"
while read -r word; do
  if [ "$word" = clear ]; then printf '\\033[H\\033[2J'; head -n 24 "$1"
  else while IFS= read -r line; do printf '%s\\n' "$line"; sleep 0.04; done < "$1"; fi
done
"""


@contextmanager
def program(desktop: Desktop, title: str, package: str, *command: str | Path) -> Iterator[None]:
    """Run `command` of a Debian package until the block ends; it is there when a window has `title`."""
    executable = require(str(command[0]), package)
    with process([executable, *command[1:]], env=desktop.environment, log=desktop.folder / f"{package}.log"):
        desktop.wait_for_window(title)
        yield


@contextmanager
def chromium(desktop: Desktop, page: Path) -> Iterator[None]:
    """Run Chromium, maximised, with `page` open."""
    with program(desktop, page.name, "chromium", "chromium", *CHROMIUM, *_in(desktop), page.as_uri()):
        yield


def print_to_pdf(desktop: Desktop, page: Path, pdf: Path) -> None:
    """Let Chromium print `page`."""
    command = [require("chromium", "chromium"), "--headless", *_in(desktop), f"--print-to-pdf={pdf}", page.as_uri()]
    environment = {**os.environ, **desktop.environment}
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)


def _in(desktop: Desktop) -> list[str]:
    # Chromium's sandbox refuses to run as root, which containers and build machines usually are.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return [f"--user-data-dir={desktop.folder / 'profile'}", *sandbox]


@contextmanager
def terminal(
    desktop: Desktop, title: str, fonts: tuple[str, str], geometry: str, listing: Sequence[str]
) -> Iterator[None]:
    """Run xterm with `fonts` (Latin, Hangul) at `geometry`, the head of `listing` in it.

    Return scrolls all of it through, `clear` and Return begin again.
    """
    script, lines = desktop.folder / "listing.sh", desktop.folder / "listing.txt"
    script.write_text(LISTING)
    lines.write_text("".join(f"{line}\n" for line in listing))
    latin, hangul = fonts
    look = ["-fa", latin, "-fd", hangul, "-fs", "11", "-bg", "#10161d", "-fg", "#d5dde6", "-geometry", geometry]
    with program(desktop, title, "xterm", "xterm", "-title", title, *look, "-e", "sh", script, lines):
        yield
