"""The runtime of Rockchip's NPUs as its wheel is, on an emulated processor, over a driver library that is ours.

An aarch64 Python is unpacked and the wheels of a board are installed beside it; nothing of it is started but under
qemu-user. That takes minutes and the package index: these tests run when they are asked for, by `make test-arm64`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import require

HERE = Path(__file__).parent
BUILT = HERE.parent.parent / "build" / "arm64"
DEBIAN = "bookworm"
WHEELS = ("msgspec", "numpy", "opencv-python-headless", "rknn-toolkit-lite2>=2.5", "setuptools<81")
PLATFORMS = ("manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_28_aarch64")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave them out unless this folder, or something in it, is named."""
    named = any(HERE in (path := Path(arg.partition("::")[0]).resolve()).parents or path == HERE for arg in config.args)
    return None if named else True


@pytest.fixture(scope="session")
def python() -> list[str]:
    """The command of an aarch64 Python that has what a board has, and our `librknnrt.so`."""
    root, wheels = BUILT / "root", BUILT / "wheels"
    if not (BUILT / "made").exists():
        BUILT.mkdir(parents=True, exist_ok=True)
        include = "--include=python3-minimal,libpython3.11-stdlib,libgcc-s1,libstdc++6"
        _run([require("mmdebstrap", "mmdebstrap"), "--variant=extract", "--architectures=arm64", include, DEBIAN, root])
        target = ["--only-binary=:all:", "--python-version=3.11", "--implementation=cp", f"--target={wheels}"]
        platforms = [f"--platform={name}" for name in PLATFORMS]
        _run([sys.executable, "-m", "pip", "install", "--quiet", *target, *platforms, *WHEELS])
        (BUILT / "made").touch()
    compiler = require("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu")
    _run([compiler, "-shared", "-fPIC", "-O1", "-o", root / "usr/lib/librknnrt.so", HERE / "librknnrt.c"])
    # What the runtime looks at to know the board. Under qemu-user, paths are looked up in the root first.
    (root / "proc/device-tree").mkdir(parents=True, exist_ok=True)
    (root / "proc/device-tree/compatible").write_bytes(b"radxa,rock-5b\0rockchip,rk3588\0")
    (root / "dev/dri").mkdir(parents=True, exist_ok=True)
    (root / "dev/dri/renderD129").touch()
    path = f"PYTHONPATH={HERE.parent.parent}:{wheels}"
    qemu = require("qemu-aarch64-static", "qemu-user-static")
    return [qemu, "-L", str(root), "-E", path, "-E", "OPENBLAS_NUM_THREADS=1", str(root / "usr/bin/python3.11")]


def _run(command: list[object]) -> None:
    ended = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, env=dict(os.environ))
    assert ended.returncode == 0, ended.stderr[-4000:]
