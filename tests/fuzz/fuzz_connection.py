"""Fuzz the RFB client: python tests/fuzz/fuzz_connection.py -max_total_time=SECONDS CORPUS_FOLDER

Any bytes, cut anywhere, are events or an `RfbError`; without an error the events are the same however they are cut.
The folder is filled with seeds that the tests' own encoders make; options are libFuzzer's. A finding is written to the
working folder and ends with status 77.
"""

import sys
from contextlib import suppress
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["edge"]):
    from edge.errors import RfbError
    from edge.rfb import Connection, TlsRequired

from tests.rfb import encode, session
from tests.rfb.drive import open_settings, run

# The first byte of an input: whether the greeting goes before the rest, and how long the pieces are.
_GREETED = 0x80
# Seconds for one input and MiB in all: a picture of the size that inputs can announce fits, a zlib bomb does not.
_LIMITS = ("-timeout=20", "-rss_limit_mb=2048", "-max_len=40000")


def one_input(data: bytes) -> None:
    """Take one input from the fuzzer."""
    if not data:
        return
    start = encode.greeting(session.SIZE) if data[0] & _GREETED else b""
    stream, step = start + data[1:], 1 + (data[0] & 0x7F) * 16
    pieces = [stream[at : at + step] for at in range(0, len(stream), step)]
    events, error, sent = run(pieces, open_settings(password=b"x"))
    with suppress(RfbError):
        connection = Connection(open_settings(password=b"x"))
        if any(isinstance(event, TlsRequired) for event in connection.receive_data(stream or b"\0")):
            return
        whole_events, whole_error, whole_sent = run([stream], open_settings(password=b"x"))
        if (whole_events, whole_error, whole_sent) != (events, error, sent):
            raise AssertionError(f"cut into {step} bytes it is {error!r}, whole {whole_error!r}")


def write_seeds(corpus: Path) -> None:
    """Fill the corpus with one file for each thing that a server can say."""
    corpus.mkdir(parents=True, exist_ok=True)
    for name, message in session.messages().items():
        (corpus / name).write_bytes(bytes([_GREETED | 0x7F]) + message)
    (corpus / "greeting").write_bytes(b"\x01" + encode.greeting(session.SIZE))
    (corpus / "vnc-auth").write_bytes(b"\x01RFB 003.008\n\1\2" + bytes(20) + encode.server_init(session.SIZE))
    (corpus / "vencrypt").write_bytes(b"\x01RFB 003.008\n\1\x13\0\2\0\1\0\0\1\4\1")


def main() -> None:
    """Run the fuzzer with the options of the command line."""
    for folder in (argument for argument in sys.argv[1:] if not argument.startswith("-")):
        write_seeds(Path(folder))
    atheris.Setup([*sys.argv[:1], *_LIMITS, *sys.argv[1:]], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
