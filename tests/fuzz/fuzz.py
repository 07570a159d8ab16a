"""Fuzz the RFB client: python -m tests.fuzz.fuzz {connection,decoder} [-max_total_time=SECONDS] [CORPUS_FOLDER]

The folder is filled with seeds, the goldens among them; options are libFuzzer's. A finding is written to the working
folder and ends with status 77; mended, it moves to `findings/` beside this file, which the tests try again.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["edge"]):
    import edge.rfb  # noqa: F401

from tests.fuzz import connection_trial, decoder_trial

TARGETS = {
    "connection": (connection_trial.connection_trial, connection_trial.seeds),
    "decoder": (decoder_trial.decoder_trial, decoder_trial.seeds),
}
# Seconds for one input and MiB in all: a picture of the size that inputs can announce fits, a zlib bomb does not.
_LIMITS = ("-timeout=20", "-rss_limit_mb=2048", "-max_len=40000", "-len_control=0")


def main() -> None:
    """Run the target that the command line names."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(__doc__)
    trial, seeds = TARGETS[sys.argv[1]]
    arguments = sys.argv[2:]
    for folder in (Path(argument) for argument in arguments if not argument.startswith("-")):
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in seeds():
            (folder / name).write_bytes(data)
    atheris.Setup([sys.argv[0], *_LIMITS, *arguments], trial)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
