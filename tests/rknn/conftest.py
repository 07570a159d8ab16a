"""rknn-toolkit2 itself, whose environment of 1.5 GB is its own: `make test-convert` installs it and runs this."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave them out unless this folder, or something in it, is named."""
    named = any(HERE in (path := Path(arg.partition("::")[0]).resolve()).parents or path == HERE for arg in config.args)
    return None if named else True
