import hashlib
from pathlib import Path

import cv2
import msgspec
import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import TensorProto, helper

from edge.errors import UpscalerError
from edge.restore.backends.card import Card, Tensor, card_path, load_card
from edge.restore.backends.onnx import shipped_model
from edge.restore.shuffle import box_mean
from models.evaluate.__main__ import main
from models.evaluate.ablation import Variant
from models.evaluate.cycles import Cycles, read_cycles
from models.evaluate.evaluation import Evaluation
from models.evaluate.judge import Judge
from models.evaluate.methods import Precision, digest, without_network
from models.evaluate.networks import found, network_of
from models.evaluate.pages import KINDS, PICTURES, TEXT, held_out
from models.evaluate.reading import Reader
from models.evaluate.report import TABLE, write_report
from models.evaluate.scores import total
from models.evaluate.table import NATIVE, read_table
from models.legibility.checkpoint import save_recogniser
from models.legibility.recogniser import Recogniser

README = "# Networks\n" + "".join(
    f"\n<!-- evaluate: {name} -->\nstale\n<!-- /evaluate -->\n"
    for name in ("quality", "cost", "text_psnr", "errors", "ablation", "wanted")
)


def write_network(model: Path, gmac: float = 260.0) -> None:
    """Write a network that gives the picture itself, every pixel sixteen times, and its card."""
    scales = helper.make_tensor("scales", TensorProto.FLOAT, [4], [1, 4, 4, 1])
    region = helper.make_tensor("region", TensorProto.FLOAT, [0], [])
    nodes = [
        helper.make_node("Cast", ["small"], ["levels"], to=TensorProto.FLOAT),
        helper.make_node("Resize", ["levels", "region", "scales"], ["large"], mode="nearest"),
        helper.make_node("Cast", ["large"], ["picture"], to=TensorProto.UINT8),
    ]
    pictures = [
        helper.make_tensor_value_info(name, TensorProto.UINT8, ["n", f"{name}_h", f"{name}_w", 3])
        for name in ("small", "picture")
    ]
    graph = helper.make_graph(nodes, "repeated", pictures[:1], pictures[1:], [scales, region])
    model.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=6), str(model))
    pixels = Tensor(dtype="tensor(uint8)", shape=("n", "h", "w", 3))
    card = Card(model.stem, "", pixels, pixels, 2, 1, 0, gmac, "none", "none")
    seal(model, card)


def seal(model: Path, card: Card) -> None:
    sha256 = hashlib.sha256(model.read_bytes()).hexdigest()
    card_path(model).write_bytes(msgspec.json.encode(msgspec.structs.replace(card, sha256=sha256)))


@pytest.fixture
def zoo(tmp_path):
    write_network(tmp_path / "zoo" / "srgan-float.onnx")
    return tmp_path / "zoo"


@pytest.fixture
def evaluation(data, tmp_path):
    said: list[str] = []
    return Evaluation(Judge(tmp_path / "keep"), held_out(data, 1, 1), {}, {}, said.append)


def test_table_readme_and_pictures_are_written_when_a_zoo_is_judged(evaluation, zoo, tmp_path):
    plain = {method.name: method for method in without_network()}
    methods = [plain["nearest"], plain["bicubic"], *found([zoo, shipped_model().parent])]
    out = tmp_path / "out"
    out.mkdir()
    (out / "README.md").write_text(README)
    table = evaluation.table(methods, tmp_path / "no ablation")
    write_report(out, table, methods, evaluation.pages)
    kept = read_table(out / TABLE)
    assert [row.name for row in kept.rows][:4] == [NATIVE, "nearest", "bicubic", "SRGAN"]
    assert kept.pages == {TEXT: 1, PICTURES: 1}
    nearest, srgan = kept.row("nearest"), kept.row("SRGAN", Precision.FLOAT)
    # The same pixels, so the same figures, whoever made them.
    assert nearest.kinds == srgan.kinds
    assert nearest.text == srgan.text
    assert srgan.timing.network_ms > 0
    shipped = next(row for row in kept.rows if row.parameters == load_card(shipped_model()).parameters)
    assert shipped.kinds[TEXT].psnr_y_db > kept.row("bicubic").kinds[TEXT].psnr_y_db + 0.3
    assert shipped.all_text.psnr_db > kept.row("bicubic").all_text.psnr_db
    readme = (out / "README.md").read_text()
    assert "stale" not in readme
    assert f"| bicubic | {kept.row('bicubic').kinds[TEXT].psnr_y_db:.2f} dB" in readme
    names = {path.stem for path in (out / "pictures").glob("*.png")}
    assert names >= {"quality", PICTURES}
    assert cv2.imread(str(out / "pictures" / "pictures.png")).shape[1] == 3 * 320


def test_nothing_is_restored_again_when_a_method_was_judged(evaluation, tmp_path):
    bicubic = without_network()[1]
    first = evaluation.judge.scores(bicubic, evaluation.pages)
    unusable = type(bicubic)(bicubic.name, None, bicubic.identity, lambda: pytest.fail("restored again"))
    assert Judge(tmp_path / "keep").scores(unusable, evaluation.pages) == first
    with pytest.raises(pytest.fail.Exception):
        evaluation.judge.scores(type(bicubic)("other", None, digest(b"other"), unusable.opened), evaluation.pages)


def test_sums_of_text_are_those_of_its_pixels(evaluation):
    page = evaluation.pages[0]
    native = page.native()
    shown = cv2.resize(box_mean(native), None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    scores = evaluation.judge.judge(page, native, shown)
    weights = np.array([0.114, 0.587, 0.299])
    error = ((native @ weights) - (shown @ weights)) ** 2
    expected = sum(error[y : y + h, x : x + w].sum() for x, y, w, h in (line.rect for line in page.page.lines))
    sums = total(part.sums for part in scores.text)
    assert sums.squared_error == pytest.approx(expected, rel=1e-4)
    assert sums.pixels == sum(w * h for _, _, w, h in (line.rect for line in page.page.lines))
    assert {part.script for part in scores.text} == {line.script for line in page.page.lines}


def test_text_is_read_beside_the_native_one_when_there_is_a_recogniser(data, tmp_path):
    save_recogniser(Recogniser(channels=8), tmp_path / "recogniser.pt")
    pages = held_out(data, 1, 0)
    judge = Judge(tmp_path / "keep", Reader(3, tmp_path / "recogniser.pt"))
    native, bicubic = (
        total(part.sums for part in judge.scores(method, pages)[0].text) for method in (None, without_network()[1])
    )
    assert native.characters == bicubic.characters > 0
    assert 0 <= native.error_rate < bicubic.error_rate


def test_command_prints_and_writes_nothing_when_methods_are_chosen(data, zoo, tmp_path):
    out = tmp_path / "out"
    options = {"--data": data, "--zoo": zoo, "--keep": tmp_path / "keep", "--out": out, "--lines": 0, "--text": 1}
    arguments = [str(part) for option in options.items() for part in option]
    result = CliRunner().invoke(main, [*arguments, "--method", "nearest", "--method", "SRGAN"])
    assert result.exit_code == 0, result.output
    nearest, srgan = result.output.splitlines()
    assert nearest.removeprefix("nearest: ") == srgan.removeprefix("SRGAN float: ")
    assert not out.exists()
    result = CliRunner().invoke(main, [*arguments, "--method", "Nearest"])
    assert result.exit_code == 2
    assert "Nearest; there are nearest, bicubic" in result.output


def test_networks_are_found_by_their_cards_and_counted_once(zoo, tmp_path):
    write_network(zoo / "x" / "tiny-int8.onnx", gmac=1)
    write_network(zoo / "y" / "again.onnx")
    (zoo / "no card.onnx").write_bytes(b"")
    networks = found([zoo])
    # All three files hold the same network.
    assert [(one.name, one.precision, one.gmac_per_frame) for one in networks] == [("SRGAN", Precision.FLOAT, 260)]
    (zoo / "srgan-float.onnx").write_bytes(b"changed")
    with pytest.raises(UpscalerError, match="SHA-256"):
        found([zoo])


def test_cycles_are_those_of_a_whole_frame(tmp_path):
    report = {"sha256": "a", "target": "rk3568", "precision": "int8", "cycles": 1000, "width": 240, "height": 135}
    estimated = {**report, "frames_per_second": 40.0, "layers": []}
    (tmp_path / "one.json").write_bytes(msgspec.json.encode([report, estimated]))
    assert read_cycles(tmp_path) == {"a": (Cycles("rk3568", "int8", 4000), Cycles("rk3568", "int8", 4000, 10))}
    (tmp_path / "two.json").write_text("{}")
    with pytest.raises(ValueError, match=r"two\.json"):
        read_cycles(tmp_path)


def test_ablation_is_judged_as_the_zoo_is(evaluation, zoo):
    variant = Variant(1, "M", "Charbonnier", 100, 1.5, "srgan-float.onnx")
    (zoo / "first.variant.json").write_bytes(msgspec.json.encode(variant))
    (trial,) = evaluation.table([], zoo).ablation
    assert trial.variant == variant
    assert trial.row.kinds == evaluation.row(network_of(zoo / "srgan-float.onnx")).kinds


def test_pages_are_spread_over_layouts(data):
    pages = held_out(data, 5, 5)
    assert [page.kind for page in pages] == list(KINDS)
    assert held_out(data, 0, 1) == pages[1:]
