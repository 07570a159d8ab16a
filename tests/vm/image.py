"""The disk that the virtual machine boots: Debian, this checkout as a wheel, and its unit files as a board has them.

    python -m tests.vm.image            # prints where the image is

Made in two steps, each kept in `CACHE` by a hash of what went into it: Debian with the packages that `edge` needs
(minutes), and that with this checkout (seconds). Needs root, or a user namespace that gives it.
"""

import hashlib
import inspect
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import require

ROOT = Path(__file__).parent.parent.parent
CACHE = Path(__file__).parent / "cache"
SUITE = "bookworm"
SIZE = "1600M"
KEPT = 3
"""So many images are kept of each kind, the newest."""

PACKAGES = (
    "linux-image-amd64", "initramfs-tools", "systemd-sysv", "systemd-timesyncd", "udev", "kmod", "dbus",
    "python3-venv", "libsystemd0", "libxkbcommon0", "xkb-data", "libgl1", "libglib2.0-0", "libxcb1", "fontconfig",
    "fonts-nanum", "iproute2", "qemu-guest-agent",
)  # fmt: skip
BOARD_PACKAGES = ("evdev", "pyudev", "segno", "xkbcommon", "zlib-ng")

# Of the kernel's 4,000 modules, those of this machine; the last pattern that fits a path wins.
LEFT_OUT = (
    "/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/lib/modules/*", "/lib/modules/*/kernel/sound/*",
    "/lib/modules/*/kernel/drivers/*", "/lib/modules/*/kernel/net/*", "/lib/modules/*/kernel/fs/*",
    "/lib/modules/*/kernel/arch/*",
)  # fmt: skip
TAKEN = tuple(
    f"/lib/modules/*/kernel/{path}"
    for path in (
        "drivers/gpu/drm/drm*", "drivers/gpu/drm/virtio/*", "drivers/virtio/*", "drivers/block/virtio_blk*",
        "drivers/net/virtio_net*", "drivers/net/net_failover*", "drivers/char/virtio_console*", "drivers/input/evdev*",
        "drivers/char/hw_random/*", "drivers/firmware/qemu_fw_cfg*", "net/core/failover*", "net/packet/*", "net/unix/*",
        "fs/ext4/*", "fs/jbd2/*", "fs/mbcache*", "fs/efivarfs/*", "fs/autofs/*", "arch/x86/crypto/*",
    )
)  # fmt: skip
INITRD_MODULES = ("virtio_pci", "virtio_blk", "ext4")

NETWORK = "[Match]\nName=en*\n[Network]\nDHCP=ipv4\n"
KEPT_OFF = ("getty@tty1.service", "systemd-networkd-wait-online.service", "apt-daily.timer", "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer", "systemd-binfmt.service", "proc-sys-fs-binfmt_misc.automount", "systemd-pstore.service",
     "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer")  # fmt: skip


@dataclass(frozen=True)
class Image:
    """What QEMU boots without a boot loader."""

    disk: Path
    kernel: Path
    initrd: Path


def image() -> Image:
    """Build what is not there yet."""
    CACHE.mkdir(exist_ok=True)
    recipe = (inspect.getsource(_debian), *PACKAGES, *LEFT_OUT, *TAKEN, *INITRD_MODULES, NETWORK, *KEPT_OFF)
    debian = CACHE / f"debian-{_hash(*recipe, *_dependencies())}"
    if not debian.exists():
        with _made(debian) as folder:
            _debian(folder)
    sources = [path for name in ("edge", "systemd") for path in sorted((ROOT / name).rglob("*")) if path.is_file()]
    parts = [part for path in sources if path.suffix != ".pyc" for part in (str(path), path.read_bytes())]
    board = CACHE / f"board-{_hash(debian.name, (ROOT / 'pyproject.toml').read_bytes(), *parts)}"
    if not board.exists():
        with _made(board) as folder:
            _board(debian, folder)
    return Image(board / "disk.img", debian / "vmlinuz", debian / "initrd.img")


def _dependencies() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return sorted({*project["dependencies"], *BOARD_PACKAGES})


def _debian(folder: Path) -> None:
    """Make a root file system with everything but this checkout, as a tar, and copy its kernel out."""
    wheels = folder / "wheels"
    _run(sys.executable, "-m", "pip", "wheel", "-q", "-w", wheels, *_dependencies())
    dpkg = [f"--dpkgopt=path-exclude={path}" for path in LEFT_OUT] + [f"--dpkgopt=path-include={path}" for path in TAKEN]
    in_root = "chroot \"$1\" /bin/sh -ec"
    hooks = [
        'mkdir -p "$1/usr/lib/modules-load.d"',
        f"{in_root} 'printf \"%s\\n\" {' '.join(INITRD_MODULES)} >> /etc/initramfs-tools/modules'",
        'echo MODULES=list > "$1/etc/initramfs-tools/conf.d/edge"',
        f"{in_root} 'update-initramfs -u'",
        f'cp "$1"/boot/vmlinuz-* {folder}/vmlinuz; cp "$1"/boot/initrd.img-* {folder}/initrd.img; rm "$1"/boot/*',
        f"{in_root} 'python3 -m venv /usr/lib/edge'",
        f'cp -r {wheels} "$1/wheels"',
        f"{in_root} '/usr/lib/edge/bin/pip install -q --no-index --no-deps /wheels/*.whl; rm -r /wheels'",
        f"{in_root} 'ln -s /usr/lib/edge/bin/edged /usr/lib/edge/bin/edgectl /usr/bin/'",
        f"{in_root} 'printf \"{NETWORK.replace(chr(10), chr(92) * 2 + 'n')}\" > /etc/systemd/network/80-wired.network'",
        f"{in_root} 'systemctl -q enable systemd-networkd; systemctl -q mask {' '.join(KEPT_OFF)}'",
        'echo edge > "$1/etc/hostname"; rm -f "$1/etc/machine-id"; touch "$1/etc/machine-id"',
    ]
    _run(
        require("mmdebstrap", "mmdebstrap"), "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}",
        '--aptopt=APT::Install-Recommends "false"', *dpkg, *(f"--customize-hook={hook}" for hook in hooks),
        SUITE, folder / "root.tar",
    )  # fmt: skip
    shutil.rmtree(wheels)


def _board(debian: Path, folder: Path) -> None:
    """Install this checkout as a wheel into the root file system, its unit files beside it, and make a disk of it."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        root = Path(scratch, "root")
        root.mkdir()
        # Without build isolation: nothing is fetched, and the setuptools that made the tests' installation do.
        _run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", scratch, ROOT)
        _run("tar", "-C", root, "-xf", debian / "root.tar", "--exclude=./dev/*")
        (wheel,) = Path(scratch).glob("edge-*.whl")
        shutil.copy(wheel, root / wheel.name)
        _run("chroot", root, "/usr/lib/edge/bin/pip", "install", "-q", "--no-index", "--no-deps", f"/{wheel.name}")
        (root / wheel.name).unlink()
        for source, target in _unit_files():
            (root / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, root / target)
        _run("systemctl", "-q", f"--root={root}", "enable", "edged.service")
        disk = folder / "disk.img"
        _run("truncate", "-s", SIZE, disk)
        _run(require("mke2fs", "e2fsprogs"), "-q", "-F", "-t", "ext4", "-d", root, disk)


def _unit_files() -> Iterator[tuple[Path, str]]:
    """Tell which file of `systemd/` goes where."""
    places = {
        ".service": "usr/lib/systemd/system/{name}",
        ".slice": "usr/lib/systemd/system/{name}",
        ".sysusers": "usr/lib/sysusers.d/{stem}.conf",
        ".tmpfiles": "usr/lib/tmpfiles.d/{stem}.conf",
        ".rules": "usr/lib/udev/rules.d/{name}",
        ".journald": "usr/lib/systemd/journald.conf.d/{stem}.conf",
    }
    for file in sorted((ROOT / "systemd").iterdir()):
        if file.suffix in places:
            yield file, places[file.suffix].format(name=file.name, stem=file.stem)


@contextmanager
def _made(final: Path) -> Iterator[Path]:
    """Give a folder to build in, which becomes `final` when all of it is there; older ones of its kind go."""
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="making-") as scratch:
        folder = Path(scratch, "image")
        folder.mkdir()
        yield folder
        folder.rename(final)
    kind = final.name.partition("-")[0]
    for old in sorted(CACHE.glob(f"{kind}-*"), key=os.path.getmtime, reverse=True)[KEPT:]:
        shutil.rmtree(old)


def _hash(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:16]


def _run(*command: str | Path) -> None:
    subprocess.run([str(word) for word in command], check=True)


if __name__ == "__main__":
    print(image().disk)
