"""Reaching the device by a finger."""

import pytest

from edge.geometry import Size
from edge.input.corner import rests_in_corner


@pytest.mark.parametrize(
    ("x", "y", "buttons", "rests"),
    [
        (0, 0, 1, True),
        (35, 35, 1, True),
        (36, 0, 1, False),
        (0, 36, 1, False),
        (0, 0, 0, False),
        (0, 0, 4, False),
        (0, 0, 5, True),
    ],
)
def test_finger_rests_in_the_corner_when_it_is_down_and_near(x, y, buttons, rests):
    assert rests_in_corner(x, y, buttons, Size(1920, 1080)) is rests


def test_smallest_picture_has_a_corner():
    assert rests_in_corner(0, 0, 1, Size(8, 8))
