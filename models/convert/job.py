"""What is asked of rknn-toolkit2 and what it answers: all that passes between its environment and this one."""

from enum import StrEnum

import msgspec


class Target(StrEnum):
    """A chip that rknn-toolkit2 compiles for."""

    RK3566 = "rk3566"
    RK3568 = "rk3568"
    RK3576 = "rk3576"
    RK3588 = "rk3588"


class Precision(StrEnum):
    """What weights and activations are in."""

    INT8 = "int8"
    FP16 = "fp16"


class Job(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One compilation, and what is run of it in the simulator.

    `model` is an ONNX file with one input of a fixed shape (1, `channels`, height, width) in grey levels. If `ranged`,
    it brings its ranges along (QuantizeLinear and DequantizeLinear); otherwise those of int8 come from `calibration`,
    NumPy files of uint8 (1, `channels`, height, width). Each of `pictures`, files like these, is run in the simulator;
    its output goes to the file of the same name in the folder `outputs`. Where `compiled` is set the .rknn goes there,
    where `analysis` is set what each layer loses goes to that folder. All paths are absolute.
    """

    model: str
    channels: int
    target: Target
    precision: Precision
    ranged: bool = False
    calibration: tuple[str, ...] = ()
    compiled: str | None = None
    pictures: tuple[str, ...] = ()
    outputs: str = ""
    analysis: str | None = None


class Outcome(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a job ended: the step that `failed` and its answer, empty if none did."""

    toolkit: str
    failed: str = ""
