"""Stands for the interpreter of rknn-toolkit2's environment: answers a job with what the real one printed once.

The simulator is ONNX Runtime, and adds to each output what the file `error` beside this interpreter says. Where
the file `failure` is there, its text is the step that fails; where it is empty, the process dies.
"""

import sys
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime as ort

from models.convert.job import Job, Outcome


def main(beside: Path, job_file: Path, outcome_file: Path) -> None:
    job = msgspec.json.decode(job_file.read_bytes(), type=Job)
    print((beside / "log").read_text())
    failed = ""
    if (failure := beside / "failure").exists():
        failed = failure.read_text()
        if not failed:
            sys.exit(139)
    session = ort.InferenceSession(job.model)
    (source,) = session.get_inputs()
    assert source.shape[1] == job.channels
    for picture in map(Path, job.pictures):
        (output,) = session.run(None, {source.name: np.load(picture).astype(np.float32)})
        np.save(Path(job.outputs) / picture.name, output + np.float32((beside / "error").read_text()))
    if job.compiled is not None:
        Path(job.compiled).write_bytes(b"RKNN" + bytes(source.shape))
    if job.analysis is not None:
        Path(job.analysis).mkdir()
        (Path(job.analysis) / "error_analysis.txt").write_text((beside / "analysis").read_text())
    outcome_file.write_bytes(msgspec.json.encode(Outcome("2.5.0", failed)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[-2]), Path(sys.argv[-1]))
