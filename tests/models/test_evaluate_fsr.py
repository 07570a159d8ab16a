import cv2
import numpy as np
import pytest

from models.evaluate.fsr import easu, fsr1, rcas


def edge(low: int, high: int, slope: float = 0.4) -> np.ndarray:
    """A straight edge through the middle of 24x24 pixels, the pixels on it being the share of each side."""
    fine = np.arange(24 * 8)
    right = fine[None, :] - 96 > slope * (fine[:, None] - 96)
    share = right.reshape(24, 8, 24, 8).mean(axis=(1, 3))
    return np.rint(low + (high - low) * share)[:, :, None].repeat(3, axis=2).astype(np.uint8)


def planes(bgr):
    return bgr.transpose(2, 0, 1).astype(np.float32) / 255


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (30, 140, 201)])
def test_flat_stays_flat(colour):
    lr = np.full((9, 14, 3), colour, dtype=np.uint8)
    assert (fsr1(lr) == np.array(colour)).all()
    assert fsr1(lr).shape == (36, 56, 3)


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("slope", [0.0, 0.4, 1.0])
def test_edge_does_not_ring_when_enlarged(scale, slope):
    lr = edge(60, 200, slope)
    large = np.rint(255 * easu(planes(lr), scale))
    assert large.min() >= 60
    assert large.max() <= 200
    bicubic = cv2.resize(lr, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    assert bicubic.min() < 60
    assert bicubic.max() > 200


@pytest.mark.parametrize("slope", [0.0, 0.4, 1.0])
def test_edge_is_nearer_to_the_truth_than_bicubic(slope):
    lr = edge(0, 255, slope)
    fine = np.arange(96) + 0.5
    truth = np.where(fine[None, :] - 48 > slope * (fine[:, None] - 48), 255.0, 0.0)
    inner = (slice(16, -16), slice(16, -16))
    bicubic = cv2.resize(lr, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)[:, :, 0]
    assert np.abs(fsr1(lr)[:, :, 0] - truth)[inner].mean() < np.abs(bicubic - truth)[inner].mean()


def test_enlarging_turns_with_the_picture():
    rng = np.random.default_rng(4)
    picture = rng.random((3, 10, 12), dtype=np.float32)
    turned = easu(np.ascontiguousarray(picture[:, ::-1].transpose(0, 2, 1)), 2)
    assert turned == pytest.approx(easu(picture, 2)[:, ::-1].transpose(0, 2, 1), abs=1e-4)


def test_sharpening_steepens_an_edge_and_stays_within_black_and_white():
    soft = np.linspace(0.2, 0.8, 4, dtype=np.float32)
    row = np.concatenate([np.full(6, 0.2), soft, np.full(6, 0.8)]).astype(np.float32)
    picture = np.broadcast_to(row, (3, 8, row.size)).copy()
    sharp = rcas(picture)[:, 4]
    assert np.diff(sharp).max() > 1.1 * np.diff(row).max()
    noise = np.random.default_rng(5).random((3, 40, 40), dtype=np.float32)
    assert rcas(noise).min() >= 0
    assert rcas(noise).max() <= 1
    assert rcas(noise, sharpness_stops=20) == pytest.approx(noise, abs=1e-4)
