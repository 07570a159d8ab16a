"""The disk that the virtual machine boots: Debian, this checkout as a wheel, and its unit files as a board has them.

    python -m tests.vm.image            # prints where the image is

Made in three layers, each kept in `CACHE` by a hash of what went into it: Debian (minutes), the Python packages that
`edge` needs, and this checkout (seconds). Needs root.
"""

import hashlib
import inspect
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.servers import require

ROOT = Path(__file__).parent.parent.parent
CACHE = Path(__file__).parent / "cache"
SUITE = "bookworm"
SIZE = "1600M"
KEPT = 2
"""So many are kept of each layer, the newest."""

PACKAGES = (
    "linux-image-amd64", "initramfs-tools", "systemd-sysv", "systemd-timesyncd", "udev", "kmod", "dbus",
    "python3-venv", "libsystemd0", "libxkbcommon0", "xkb-data", "libgl1", "libglib2.0-0", "libxcb1", "fontconfig",
    "fonts-nanum", "iproute2", "qemu-guest-agent",
)  # fmt: skip

# Of the kernel's 4,000 modules, those of this machine; the last pattern that fits a path wins.
LEFT_OUT = (
    "/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/lib/modules/*/kernel/sound/*",
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
    recipe = (*PACKAGES, *LEFT_OUT, *TAKEN, *INITRD_MODULES, NETWORK, *KEPT_OFF)
    debian = _layer("debian", _debian, *recipe)
    environment = _layer("environment", partial(_environment, debian), debian.name, *_dependencies())
    sources = [path for name in ("edge", "systemd") for path in sorted((ROOT / name).rglob("*")) if path.is_file()]
    parts = [
        part for path in sources if path.suffix != ".pyc" for part in (str(path.relative_to(ROOT)), path.read_bytes())
    ]
    board = _layer("board", partial(_board, environment), environment.name, *parts)
    return Image(board / "disk.img", debian / "vmlinuz", debian / "initrd.img")


def _dependencies() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return sorted({*project["dependencies"], *project["optional-dependencies"]["board"]})


def _debian(folder: Path) -> None:
    """Make a root file system of Debian's packages, as a tar, and copy its kernel out."""
    dpkg = [f"path-exclude={path}" for path in LEFT_OUT] + [f"path-include={path}" for path in TAKEN]
    in_root = 'chroot "$1" /bin/sh -ec'
    hooks = [
        f"{in_root} 'printf \"%s\\n\" {' '.join(INITRD_MODULES)} >> /etc/initramfs-tools/modules'",
        'echo MODULES=list > "$1/etc/initramfs-tools/conf.d/edge"',
        f"{in_root} 'update-initramfs -u'",
        f'cp "$1"/boot/vmlinuz-* {folder}/vmlinuz; cp "$1"/boot/initrd.img-* {folder}/initrd.img; rm "$1"/boot/*',
        f"printf '{NETWORK}' > \"$1/etc/systemd/network/80-wired.network\"",
        f"{in_root} 'systemctl -q enable systemd-networkd; systemctl -q mask {' '.join(KEPT_OFF)}'",
        'echo edge > "$1/etc/hostname"; : > "$1/etc/machine-id"',
    ]
    _run(
        require("mmdebstrap", "mmdebstrap"), "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}",
        '--aptopt=APT::Install-Recommends "false"', *(f"--dpkgopt={option}" for option in dpkg),
        *(f"--customize-hook={hook}" for hook in hooks), SUITE, folder / "root.tar",
    )  # fmt: skip


def _environment(debian: Path, folder: Path) -> None:
    """Add a virtual environment with the Python packages that `edge` needs on a board."""
    with _unpacked(debian / "root.tar", folder) as root:
        _run(sys.executable, "-m", "pip", "wheel", "-q", "-w", root / "wheels", *_dependencies())
        wheels = [f"/wheels/{wheel.name}" for wheel in (root / "wheels").iterdir()]
        _run("chroot", root, "python3", "-m", "venv", "/usr/lib/edge")
        _run("chroot", root, "/usr/lib/edge/bin/pip", "install", "-q", "--no-index", "--no-deps", *wheels)
        shutil.rmtree(root / "wheels")
        for program in ("edged", "edgectl"):
            (root / "usr/bin" / program).symlink_to(f"/usr/lib/edge/bin/{program}")
        _run("tar", "-C", root, "-cf", folder / "root.tar", ".")


def _board(environment: Path, folder: Path) -> None:
    """Install this checkout as a wheel, its unit files beside it, and make a disk of it."""
    with _unpacked(environment / "root.tar", folder) as root:
        # Without build isolation: nothing is fetched, and the setuptools that made the tests' installation will do.
        _run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", root, ROOT)
        (wheel,) = root.glob("edge-*.whl")
        _run("chroot", root, "/usr/lib/edge/bin/pip", "install", "-q", "--no-index", "--no-deps", f"/{wheel.name}")
        wheel.unlink()
        for source, target in _unit_files():
            (root / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, root / target)
        _run("systemctl", "-q", f"--root={root}", "enable", "edged.service")
        disk = folder / "disk.img"
        _run("truncate", "-s", SIZE, disk)
        _run(require("mke2fs", "e2fsprogs"), "-q", "-F", "-t", "ext4", "-d", root, disk)


@contextmanager
def _unpacked(tar: Path, folder: Path) -> Iterator[Path]:
    """Unpack a root file system inside `folder`, for as long as the block."""
    with tempfile.TemporaryDirectory(dir=folder) as root:
        Path(root).chmod(0o755)
        _run("tar", "-C", root, "-xf", tar, "--exclude=./dev/*")
        yield Path(root)


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


def _layer(kind: str, make: Callable[[Path], None], *inputs: str | bytes) -> Path:
    """Return the folder that `make` fills from `inputs`, filled before or now; older ones of its kind go."""
    layer = CACHE / f"{kind}-{_hash(inspect.getsource(make.func if isinstance(make, partial) else make), *inputs)}"
    if not layer.exists():
        with tempfile.TemporaryDirectory(dir=CACHE, prefix="making-") as scratch:
            folder = Path(scratch, kind)
            folder.mkdir()
            make(folder)
            folder.rename(layer)
    for old in sorted(CACHE.glob(f"{kind}-*"), key=os.path.getmtime, reverse=True)[KEPT:]:
        shutil.rmtree(old)
    return layer


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
