import subprocess
import sys
from pathlib import Path

import pytest


def test_connection_survives_ten_seconds_of_fuzzing(tmp_path):
    pytest.importorskip("atheris", reason="atheris has no wheel for this machine")
    target = Path(__file__).with_name("fuzz_connection.py")
    command = [sys.executable, str(target), "-max_total_time=10", str(tmp_path / "corpus")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Done" in done.stderr
