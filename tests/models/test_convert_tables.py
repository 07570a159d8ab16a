"""Tables that rknn-toolkit2 2.5.0 printed, as numbers."""

from pathlib import Path

import pytest

from models.convert.analysis import read_analysis
from models.convert.errors import ConversionError
from models.convert.estimate import frames_per_second
from models.convert.layers import on_the_cpu, read_layers, refuse_cpu

COMPILED = Path(__file__).parent / "compiled"


def log(name: str) -> str:
    return (COMPILED / f"{name}.log").read_text()


@pytest.mark.parametrize(("name", "cycles"), [("rk3568", 335_232), ("rk3588", 214_272), ("rk3568-with-cpu", 115_200)])
def test_layers_add_up_to_the_networks_cycles(name: str, cycles: int) -> None:
    assert sum(layer.cycles for layer in read_layers(log(name))) == cycles


def test_a_layer_is_read_whole() -> None:
    head = read_layers(log("rk3568"))[1]
    assert (head.name, head.operator, head.dtype, head.where) == ("Conv:head", "Conv", "INT8", "NPU")
    assert (head.inputs, head.output) == ("(1,12,24,48),(48,12,3,3),(48)", "(1,48,24,48)")
    assert (head.memory_cycles, head.arithmetic_cycles, head.cycles, head.traffic_kb) == (12331, 31104, 31104, 25)


def test_what_the_compiler_put_in_has_no_name_but_cycles() -> None:
    put_in = read_layers(log("rk3568-with-cpu"))[1]
    assert (put_in.name, put_in.operator, put_in.cycles) == ("", "Conv", 18432)


def test_ends_on_the_cpu_are_no_reason_to_refuse() -> None:
    layers = read_layers(log("rk3588"))
    assert layers[-1].where == "CPU"
    assert not on_the_cpu(layers)
    refuse_cpu(layers, "rk3588")


def test_an_operator_on_the_cpu_is_refused_by_name() -> None:
    with pytest.raises(ConversionError, match="on the NPU of rk3568 alone: SpaceToDepth"):
        refuse_cpu(read_layers(log("rk3568-with-cpu")), "rk3568")


def test_the_last_table_counts() -> None:
    assert read_layers(log("rk3588") + log("rk3568")) == read_layers(log("rk3568"))


def test_a_log_without_a_table_is_refused() -> None:
    with pytest.raises(ConversionError, match="no table of layers"):
        read_layers("I rknn building done.\n")


def test_a_row_that_cannot_be_read_is_not_passed_over() -> None:
    with pytest.raises(ConversionError, match="some rows"):
        read_layers(log("rk3568").replace("20045/62208/62208", "20045/many", 1))


def test_numbers_that_run_into_each_other_are_told_apart() -> None:
    layers = {layer.name: layer for layer in read_analysis(COMPILED)}
    assert (layers["head.r"].entire, layers["head.r"].single) == (0.99997, 0.99997)
    assert (layers["b3.r"].entire, layers["b3.r"].single) == (0.99986, 0.99997)
    assert layers["residual"].operator == "exDataConvert"
    assert "head" not in layers


def test_an_analysis_that_is_missing_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match="wrote no error_analysis"):
        read_analysis(tmp_path)
    (tmp_path / "error_analysis.txt").write_text("layer_name\n")
    with pytest.raises(ConversionError, match="has no layers"):
        read_analysis(tmp_path)


def test_frames_follow_from_clock_share_and_cycles() -> None:
    assert frames_per_second("rk3568", 12_000_000) == pytest.approx(25)
    assert frames_per_second("rk3399pro", 7_920_000) == pytest.approx(10)
    assert frames_per_second("rk3576", 1) is None
