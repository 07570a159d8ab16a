from pathlib import Path

import pytest

from models.data.generate import generate
from models.data.plan import Counts


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four pages from a real browser: one of each split and kind."""
    folder = tmp_path_factory.mktemp("data")
    assert generate(folder, Counts(train_text=1, train_pictures=1, held_out_text=1, held_out_pictures=1), seed=3) == 4
    return folder
