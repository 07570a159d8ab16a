import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.connection_trial import connection_trial
from tests.fuzz.connection_trial import seeds as connection_seeds
from tests.fuzz.decoder_trial import decoder_trial
from tests.fuzz.decoder_trial import seeds as decoder_seeds

TRIALS = {"connection": connection_trial, "decoder": decoder_trial}
FINDINGS = sorted(Path(__file__).parent.glob("findings/*/*"))


@pytest.mark.parametrize("target", TRIALS)
def test_client_survives_five_seconds_of_fuzzing(target, tmp_path):
    pytest.importorskip("atheris", reason="atheris has no wheel for this machine")
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "tests.fuzz.fuzz", target, "-max_total_time=5", f"-artifact_prefix={tmp_path}/"]
    done = subprocess.run(
        [*command, str(tmp_path / "corpus")], capture_output=True, text=True, timeout=110, cwd=root, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Done" in done.stderr


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_finding_stays_mended(finding):
    TRIALS[finding.parent.name](finding.read_bytes())


@pytest.mark.parametrize("seeds", [connection_seeds, decoder_seeds])
def test_seeds_have_names_of_their_own(seeds):
    names = [name for name, _ in seeds()]
    assert len(names) == len(set(names)) > 100
