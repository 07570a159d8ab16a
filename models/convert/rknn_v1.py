"""Converts a prepared network for the RK3399Pro (Tinker Edge R), with rknn-toolkit 1.7.

It is untested: rknn-toolkit 1.7.5 is not on PyPI, so nobody has run this. It needs an installation of its own, Python
3.6 on x86_64 with the wheel that Rockchip publishes beside its documentation, and nothing else of this project:

    python -m models.convert v1 MODEL.onnx --out PREPARED     where this project is installed
    python models/convert/rknn_v1.py PREPARED OUT             where rknn-toolkit 1.7 is

OUT gets a <rows>x<columns>.rknn and its card for each shape; it belongs in the client's folder `rk3399pro`.

Source: Rockchip, RKNN Toolkit user guide 1.7.
"""

import hashlib
import json
import sys
from pathlib import Path

try:
    from rknn.api import RKNN  # type: ignore[import-not-found]
except ImportError as error:
    sys.exit(
        f"{error}: this needs rknn-toolkit 1.7.5 (not rknn-toolkit2), which PyPI does not have; install the wheel that"
        " Rockchip publishes, on x86_64 with Python 3.6"
    )


def convert(prepared: Path, out: Path) -> None:
    """Convert all shapes in the folder `prepared`, each with its network, its card to be and its pictures."""
    for folder in sorted(path.parent for path in prepared.glob("*/plain.onnx")):
        listed = folder / "calibration.txt"
        pictures = sorted((folder / "calibration").glob("*.png"))
        listed.write_text("".join(f"{path.absolute()}\n" for path in pictures))
        toolkit = RKNN()
        # The network takes bytes as they are. A range of 8 bits per tensor is what this NPU is fast with.
        toolkit.config(
            mean_values=[[0, 0, 0]],
            std_values=[[1, 1, 1]],
            reorder_channel="0 1 2",
            quantized_dtype="asymmetric_affine-u8",
            quantize_input_node=True,
            optimization_level=3,
            target_platform=["rk3399pro"],
        )
        compiled = out / (folder.name + ".rknn")
        try:
            _step("load_onnx", toolkit.load_onnx(model=str(folder / "plain.onnx")))
            _step("build", toolkit.build(do_quantization=True, dataset=str(listed)))
            _step("export_rknn", toolkit.export_rknn(str(compiled)))
        finally:
            toolkit.release()
        card = json.loads((folder / "card.json").read_text())
        card["sha256"] = hashlib.sha256(compiled.read_bytes()).hexdigest()
        compiled.with_suffix(".json").write_text(json.dumps(card, indent=2) + "\n")
        print(f"{compiled}: {compiled.stat().st_size} bytes, untested on hardware")


def _step(name: str, answer: int) -> None:
    # Nothing in the toolkit raises.
    if answer != 0:
        sys.exit(f"{name} answered {answer}; run again with RKNN(verbose=True) to see why")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: rknn_v1.py PREPARED OUT; prepare with: python -m models.convert v1 MODEL.onnx --out PREPARED")
    Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
