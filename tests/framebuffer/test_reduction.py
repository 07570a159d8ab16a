import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.framebuffer.reduction import Reduction
from edge.geometry import Rect, Size
from edge.pixels import rgb565

sides = st.integers(16, 200)
reductions = st.builds(Reduction, st.builds(Size, sides, sides), st.sampled_from([2, 4]))


def noise(size: Size, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 1 << 24, size.shape, dtype=np.uint32)


def plain_mean(pixels: np.ndarray, columns: list[int], rows: list[int], scale: int) -> np.ndarray:
    """The specification, written out pixel by pixel."""
    out = np.zeros((len(rows), len(columns)), dtype=np.uint32)
    for row, y in enumerate(rows):
        for column, x in enumerate(columns):
            block = pixels[y : y + scale, x : x + scale]
            for shift, most in ((0, 31), (8, 63), (16, 31)):
                mean = int((block >> shift & 0xFF).sum()) // block.size
                level = (mean * most + 127) // 255
                out[row, column] |= (level * 255 + most // 2) // most << shift
    return out


@given(reductions)
def test_reduce_is_the_truncated_mean_of_each_block_in_rgb565(reduction):
    native, low = reduction.native, reduction.low
    columns = [i * reduction.scale for i in range(low.width)]
    rows = [i * reduction.scale for i in range(low.height)]
    pixels = noise(native)
    expected = plain_mean(pixels, columns, rows, reduction.scale)
    assert np.array_equal(reduction.reduce(pixels, low.rect), expected)


@given(reductions, st.data())
def test_reduce_of_a_part_equals_the_part_of_the_whole(reduction, data):
    low = reduction.low
    x, y = data.draw(st.integers(0, low.width - 1)), data.draw(st.integers(0, low.height - 1))
    part = Rect(x, y, data.draw(st.integers(1, low.width - x)), data.draw(st.integers(1, low.height - y)))
    pixels = noise(reduction.native)
    whole = reduction.reduce(pixels, low.rect)
    assert np.array_equal(reduction.reduce(pixels[reduction.to_native(part).slices], part), whole[part.slices])
    assert reduction.to_low(reduction.to_native(part)) == part


@given(reductions)
def test_expand_fills_the_native_size_and_keeps_the_mean(reduction):
    low = reduction.low
    small = rgb565(noise(low))
    large = small.repeat(reduction.scale, axis=0).repeat(reduction.scale, axis=1)
    native = reduction.expand(large, low.rect)
    assert native.shape == reduction.native.shape
    assert np.array_equal(reduction.reduce(native, low.rect), small)


def test_touching_takes_in_what_is_covered_in_part():
    reduction = Reduction(Size(66, 64), 4)
    assert reduction.touching(Rect(3, 0, 2, 5)) == Rect(0, 0, 2, 2)
    assert reduction.touching(Rect(65, 63, 1, 1)) == Rect(15, 15, 1, 1)


def test_to_low_leaves_out_what_is_covered_in_part():
    reduction = Reduction(Size(64, 64), 4)
    assert reduction.to_low(Rect(1, 0, 7, 8)) == Rect(1, 0, 1, 2)
    assert not reduction.to_low(Rect(1, 1, 3, 3))
