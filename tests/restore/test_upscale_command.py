import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from edge.cli.upscale import upscale
from edge.restore.shuffle import box_mean


def run(*arguments):
    return CliRunner().invoke(upscale, [str(argument) for argument in arguments])


@pytest.fixture
def low(tmp_path):
    path = tmp_path / "low.png"
    cv2.imwrite(str(path), np.random.default_rng(1).integers(0, 256, (13, 21, 3), dtype=np.uint8))
    return path


def with_header(path, width, height, depth):
    header = width.to_bytes(4) + height.to_bytes(4) + bytes([depth, 2, 0, 0, 0])
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4) + b"IHDR" + header + bytes(4))


@pytest.mark.parametrize("backend", ["classical", "onnx"])
def test_picture_is_restored_consistently_when_it_is_a_png(low, model, backend):
    high = low.with_name("high.png")
    result = run(low, high, "--backend", backend, "--model", model)
    assert result.exit_code == 0, result.output
    assert f"84x52, restored by {backend} in" in result.output
    restored = cv2.imread(str(high))
    assert restored.shape == (52, 84, 3)
    assert np.array_equal(box_mean(restored), cv2.imread(str(low)))


def test_grey_picture_with_alpha_is_restored_when_asked(low):
    cv2.imwrite(str(low), np.full((3, 4, 4), (9, 9, 9, 0), dtype=np.uint8))
    high = low.with_name("high.png")
    assert run(low, high, "--backend", "classical").exit_code == 0
    assert (cv2.imread(str(high)) == 9).all()


def test_command_says_so_when_the_picture_is_missing(tmp_path):
    result = run(tmp_path / "none.png", tmp_path / "high.png")
    assert result.exit_code == 1
    assert "cannot read the picture" in result.output
    assert "No such file" in result.output


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n"])
def test_command_says_so_when_the_file_is_not_a_picture(low, content):
    low.write_bytes(content)
    result = run(low, low.with_name("high.png"))
    assert result.exit_code == 1
    assert "low.png is not a PNG picture" in result.output


def test_command_says_so_when_the_picture_is_cut_short(low):
    low.write_bytes(low.read_bytes()[:40])
    result = run(low, low.with_name("high.png"))
    assert result.exit_code == 1
    assert "is damaged" in result.output


@pytest.mark.parametrize(("width", "height"), [(4097, 8), (8, 4097), (2**31 - 1, 2**31 - 1)])
def test_picture_is_refused_before_it_is_decoded_when_it_claims_to_be_huge(low, width, height):
    with_header(low, width, height, 8)
    result = run(low, low.with_name("high.png"))
    assert result.exit_code == 1
    assert f"is {width}x{height} pixels; at most 4096 a side" in result.output


def test_picture_is_refused_when_it_has_sixteen_bits(low):
    cv2.imwrite(str(low), np.zeros((2, 2, 3), dtype=np.uint16))
    result = run(low, low.with_name("high.png"))
    assert result.exit_code == 1
    assert "16 bits per channel; expected 8" in result.output


def test_command_says_so_when_the_model_is_missing(low, tmp_path):
    result = run(low, low.with_name("high.png"), "--backend", "onnx", "--model", tmp_path / "none.onnx")
    assert result.exit_code == 1
    assert "cannot read the model" in result.output
    assert "backend 'classical'" in result.output


def test_command_says_so_when_the_result_cannot_be_written(low, tmp_path):
    result = run(low, tmp_path / "nowhere" / "high.png", "--backend", "classical")
    assert result.exit_code == 1
    assert "cannot write the picture" in result.output


def test_usage_is_wrong_when_the_result_is_not_named_as_a_png(low):
    result = run(low, low.with_name("high.jpg"))
    assert result.exit_code == 2
    assert "expected one that ends in .png" in result.output
