"""Runs one job in the environment of rknn-toolkit2, which needs an older NumPy than this project.

`python -m models.convert.worker JOB OUTCOME`, both JSON files. The compiler writes its tables to standard output.
"""

import importlib.metadata
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from rknn.api import RKNN  # type: ignore[import-not-found]

from models.convert.job import Job, Outcome, Precision


class _StepFailed(Exception):
    pass


def _step(name: str, answer: object) -> None:
    """Hold the toolkit to its answer: nothing in it raises."""
    if answer != 0:
        raise _StepFailed(f"{name} answered {answer}")


def _run(toolkit: Any, job: Job) -> None:  # noqa: ANN401  rknn-toolkit2 has no types
    # Bytes go in as they are: the first layer's weights take their scale up.
    mean, one = [[0] * job.channels], [[1] * job.channels]
    _step("config", toolkit.config(target_platform=job.target.value, mean_values=mean, std_values=one))
    _step("load_onnx", toolkit.load_onnx(model=job.model))
    if job.precision is Precision.INT8 and not job.ranged:
        _step("build", toolkit.build(do_quantization=True, dataset=_listed(job)))
    else:
        _step("build", toolkit.build(do_quantization=False))
    if job.compiled is not None:
        _step("export_rknn", toolkit.export_rknn(job.compiled))
    if job.pictures:
        # What was just built can be simulated; a file that was exported cannot.
        _step("init_runtime", toolkit.init_runtime())
        for picture in map(Path, job.pictures):
            answer = toolkit.inference(inputs=[np.load(picture)], data_format="nchw")
            if answer is None:
                raise _StepFailed(f"inference of {picture} answered None")
            np.save(Path(job.outputs) / picture.name, answer[0])
    if job.analysis is not None:
        seen = [*job.pictures, *job.calibration][:1]
        _step("accuracy_analysis", toolkit.accuracy_analysis(inputs=seen, output_dir=job.analysis))


def _listed(job: Job) -> str:
    listed = Path(job.model).with_suffix(".calibration.txt")
    listed.write_text("".join(f"{path}\n" for path in job.calibration))
    return str(listed)


def main(job_file: Path, outcome_file: Path) -> None:
    """Run the job in `job_file` and write how it ended to `outcome_file`."""
    job = msgspec.json.decode(job_file.read_bytes(), type=Job)
    toolkit = RKNN(verbose=True)
    failed = ""
    try:
        _run(toolkit, job)
    except _StepFailed as error:
        failed = str(error)
    finally:
        toolkit.release()
    outcome = Outcome(toolkit=importlib.metadata.version("rknn-toolkit2"), failed=failed)
    outcome_file.write_bytes(msgspec.json.encode(outcome))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
