import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.display.letterbox import Letterbox
from edge.geometry import Rect, Size

sizes = st.builds(Size, st.integers(1, 4000), st.integers(1, 4000))


@given(sizes, sizes)
def test_the_picture_stays_inside_and_touches_two_edges(picture: Size, window: Size) -> None:
    area = Letterbox(picture, window).rect
    assert area
    assert area in window.rect
    assert area.width == window.width or area.height == window.height


@given(sizes, sizes, st.integers(-100, 5000), st.integers(-100, 5000))
def test_every_position_lies_in_the_picture(picture: Size, window: Size, x: int, y: int) -> None:
    column, row = Letterbox(picture, window).to_picture(x, y)
    assert 0 <= column < picture.width
    assert 0 <= row < picture.height


@given(sizes, sizes, st.data())
def test_damage_covers_every_pixel_that_shows_it(picture: Size, window: Size, data: st.DataObject) -> None:
    box = Letterbox(picture, window)
    area = box.rect
    x, y = data.draw(st.integers(area.x, area.right - 1)), data.draw(st.integers(area.y, area.bottom - 1))
    column, row = box.to_picture(x, y)
    assert Rect(x, y, 1, 1) in box.to_window(Rect(column, row, 1, 1))
    assert box.to_window(picture.rect) == area


@given(sizes)
def test_a_window_of_the_same_size_changes_nothing(size: Size) -> None:
    box = Letterbox(size, size)
    assert box.to_picture(size.width - 1, 0) == (size.width - 1, 0)
    assert box.to_window(Rect(3, 2, 5, 4)) == Rect(3, 2, 5, 4)


@pytest.mark.parametrize(
    ("window", "area"),
    [
        (Size(960, 540), Rect(0, 0, 960, 540)),
        (Size(960, 700), Rect(0, 80, 960, 540)),
        (Size(1000, 540), Rect(20, 0, 960, 540)),
    ],
)
def test_bars_stand_on_both_sides(window: Size, area: Rect) -> None:
    box = Letterbox(Size(1920, 1080), window)
    assert box.rect == area
    assert box.to_picture(area.x, area.y) == (1, 1)
    assert box.to_picture(0, 0)[0] <= 1
    assert box.to_picture(area.right - 1, area.bottom - 1) == (1919, 1079)
