"""Files that only their owner may read, replaced in one step: a crash or a full disk leaves the old content."""

import os
import tempfile
from pathlib import Path

from edge.errors import TrustError


def write_private(path: Path, data: bytes) -> None:
    """Replace the content of `path` by `data`, mode 0600, on disk when it returns; raises `TrustError`."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise TrustError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise TrustError(f"{path}: cannot be written: {error.strerror}") from error
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def read_private(path: Path) -> bytes:
    """Read `path`; raises `TrustError` if it is missing, or if others than its owner may read it."""
    try:
        mode = path.stat().st_mode
        if mode & 0o077:
            raise TrustError(f"{path}: mode {mode & 0o777:04o} lets others read it; run: chmod 600 {path}")
        return path.read_bytes()
    except OSError as error:
        raise TrustError(f"{path}: cannot be read: {error.strerror}") from error
