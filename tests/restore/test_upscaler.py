import itertools
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import UpscalerError
from edge.geometry import Rect
from edge.pixels import from_bgr, to_bgr
from edge.restore.backends import open_backend
from edge.restore.backends.classical import ClassicalBackend
from edge.restore.shuffle import box_mean
from edge.restore.upscaler import Upscaler

HEIGHT, WIDTH = 61, 83


@pytest.fixture(scope="module")
def lr() -> np.ndarray:
    rng = np.random.default_rng(11)
    bgr = np.full((HEIGHT, WIDTH, 3), 255, dtype=np.uint8)
    bgr[:, 40:] = 30
    bgr[rng.random((HEIGHT, WIDTH)) < 0.3] = rng.integers(0, 256, 3)
    bgr[5:20, 5:30] = rng.integers(0, 256, (15, 25, 3))
    return from_bgr(bgr)


@pytest.fixture(scope="module", params=["classical", "onnx"])
def upscaler(request, model):
    opened = Upscaler(open_backend(request.param, model))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def whole(upscaler, lr):
    return upscaler.upscale(lr)


def test_upscaled_picture_reduces_to_the_received_one_when_the_backend_is_real(lr, whole):
    assert whole.shape == (4 * HEIGHT, 4 * WIDTH)
    assert whole.dtype == np.uint32
    assert whole.max() <= 0xFFFFFF
    assert np.array_equal(box_mean(to_bgr(whole)), to_bgr(lr))


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_tile_is_bit_exact_with_the_whole_picture_wherever_it_lies(upscaler, lr, whole, data):
    x, y = data.draw(st.integers(0, WIDTH - 1)), data.draw(st.integers(0, HEIGHT - 1))
    rect = Rect(x, y, data.draw(st.integers(1, WIDTH - x)), data.draw(st.integers(1, HEIGHT - y)))
    assert np.array_equal(upscaler.restore(lr, rect), whole[rect.scaled(4).slices])


def test_tiles_are_bit_exact_with_the_whole_picture_when_it_is_a_full_frame(upscaler):
    rng = np.random.default_rng(2)
    frame = from_bgr(np.repeat(rng.integers(0, 256, (135, 240, 3), dtype=np.uint8), 2, axis=0).repeat(2, axis=1))
    whole = upscaler.upscale(frame)
    for x, y in itertools.product((0, 64, 317, 448), (0, 128, 206)):
        rect = Rect(x, y, 32, 64)
        assert np.array_equal(upscaler.restore(frame, rect), whole[rect.scaled(4).slices])


def test_stripes_leave_no_seam_when_a_picture_is_tall(upscaler):
    tall = from_bgr(np.random.default_rng(4).integers(0, 256, (600, 9, 3), dtype=np.uint8))
    whole = upscaler.upscale(tall)
    rect = Rect(0, 250, 9, 100)
    assert np.array_equal(upscaler.restore(tall, rect), whole[rect.scaled(4).slices])


def test_result_is_the_colour_when_the_picture_is_one():
    for colour in (0, 0x123456, 0xFFFFFF):
        flat = np.full((5, 3), colour, dtype=np.uint32)
        assert (Upscaler(ClassicalBackend()).upscale(flat) == colour).all()


@pytest.mark.parametrize("rect", [Rect(0, 0, 0, 4), Rect(-1, 0, 4, 4), Rect(80, 0, 4, 4), Rect(0, 60, 1, 2)])
def test_rectangle_is_refused_when_it_is_empty_or_outside(upscaler, lr, rect):
    with pytest.raises(UpscalerError, match=r"does not lie in the low-resolution picture of 83x61"):
        upscaler.restore(lr, rect)


def test_calls_are_timed_by_the_given_clock_when_they_end(lr):
    ticks = iter([1.0, 1.25, 2.0, 2.5])
    upscaler = Upscaler(ClassicalBackend(), clock=lambda: next(ticks))
    upscaler.upscale(lr)
    upscaler.restore(lr, Rect(0, 0, 8, 8))
    assert list(upscaler.calls_ms) == [250.0, 500.0]


class Wrong(ClassicalBackend):
    name = "wrong"

    def residual(self, lr):
        return super().residual(lr)[:, :, :47]


def test_backend_is_refused_when_its_residual_has_another_shape(lr):
    with pytest.raises(UpscalerError, match=r"backend wrong gave .*47\).*expected int8 .*48\)"):
        Upscaler(Wrong()).upscale(lr)


class FailingTogether(ClassicalBackend):
    """Fails each call, and would fail two at once if it got them."""

    name = "failing"

    def __init__(self):
        super().__init__()
        self._both = Barrier(2)

    def residual(self, lr):
        with suppress(BrokenBarrierError):
            self._both.wait(0.5)
        raise UpscalerError("the NPU has not answered")


def test_backend_is_replaced_once_when_it_fails_while_another_thread_waits(lr):
    upscaler = Upscaler(FailingTogether(), successors=[ClassicalBackend(), Wrong()])
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(upscaler.upscale, [lr, lr])
    assert np.array_equal(first, second)
    assert [failure.backend for failure in upscaler.failures] == ["failing"]
