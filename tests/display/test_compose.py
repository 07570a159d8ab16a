import resource
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from edge.display.compose import Compositor
from edge.errors import DisplayError
from edge.geometry import Rect, Size
from edge.pixels import Picture, blank

SIZE = Size(37, 23)

pictures = npst.arrays(np.uint32, SIZE.shape, elements=st.integers(0, 0xFFFFFF), fill=st.integers(0, 0xFFFFFF))
cursors = st.tuples(st.integers(0, 12), st.integers(0, 12)).flatmap(lambda s: npst.arrays(np.uint8, (*s, 4)))
rects = st.builds(Rect, st.integers(-9, 40), st.integers(-9, 30), st.integers(0, 45), st.integers(0, 30))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("draw"), pictures, st.lists(rects, max_size=4)),
        st.tuples(st.just("move"), st.integers(-50, 90), st.integers(-50, 70)),
        st.tuples(st.just("shape"), cursors, st.integers(-3, 14), st.integers(-3, 14)),
        st.tuples(st.just("hide")),
    ),
    max_size=12,
)


def composed_from_scratch(source: Picture, cursor: NDArray[np.uint8], left: int, top: int) -> Picture:
    """Pixel by pixel, as the definition of "over" reads."""
    out = source.copy()
    for (row, column), alpha in np.ndenumerate(cursor[:, :, 3]):
        y, x = top + row, left + column
        if 0 <= x < SIZE.width and 0 <= y < SIZE.height:
            below = [int(source[y, x]) >> shift & 255 for shift in (0, 8, 16)]
            mixed = [
                (int(c) * int(alpha) + b * (255 - int(alpha)) + 127) // 255
                for c, b in zip(cursor[row, column, :3], below, strict=True)
            ]
            out[y, x] = mixed[0] | mixed[1] << 8 | mixed[2] << 16
    return out


@settings(deadline=None)
@given(steps)
def test_composing_in_steps_equals_composing_from_scratch(script) -> None:
    compositor = Compositor(SIZE)
    source, cursor, hotspot, pointer = blank(SIZE), np.zeros((0, 0, 4), np.uint8), (0, 0), (0, 0)
    for step in script:
        before = compositor.picture.copy()
        match step:
            case ("draw", new, damage):
                source = source.copy()
                for rect in damage:
                    part = rect & SIZE.rect
                    source[part.slices] = new[part.slices]
                changed = compositor.draw(source, damage)
            case ("move", x, y):
                pointer = (x, y)
                changed = compositor.move_pointer(x, y)
            case ("shape", cursor, x, y):
                hotspot = (x, y)
                changed = compositor.set_cursor(cursor, x, y)
            case _:
                cursor = np.zeros((0, 0, 4), np.uint8)
                changed = compositor.hide()
        left, top = pointer[0] - hotspot[0], pointer[1] - hotspot[1]
        np.testing.assert_array_equal(compositor.picture, composed_from_scratch(source, cursor, left, top))
        for rect in changed:
            assert rect
            assert rect in SIZE.rect
            before[rect.slices] = compositor.picture[rect.slices]
        np.testing.assert_array_equal(before, compositor.picture, err_msg="changed outside of what was returned")


def test_moving_returns_nothing_when_the_pointer_stays() -> None:
    compositor = Compositor(SIZE)
    compositor.set_cursor(np.full((4, 4, 4), 255, np.uint8), 0, 0)
    assert compositor.move_pointer(0, 0) == []
    assert compositor.move_pointer(20, 15) == [Rect(0, 0, 4, 4), Rect(20, 15, 4, 4)]
    assert compositor.move_pointer(21, 15) == [Rect(20, 15, 5, 4)]
    assert compositor.move_pointer(500, 500) == [Rect(21, 15, 4, 4)]
    assert not compositor.picture.any()


def test_a_picture_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="5x4 came for a compositor of 37x23"):
        Compositor(SIZE).draw(blank(Size(5, 4)), [])


def test_a_cursor_of_another_layout_is_refused() -> None:
    with pytest.raises(ValueError, match="height, width, 4"):
        Compositor(SIZE).set_cursor(np.zeros((4, 4, 3), np.uint8), 0, 0)


def test_the_file_holds_the_composed_picture_while_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "screen.bgrx"
    path.write_bytes(b"an older and longer file" * 1000)
    compositor = Compositor(SIZE, path)
    assert path.read_bytes() == bytes(SIZE.area * 4)
    inode = path.stat().st_ino
    compositor.draw(blank(SIZE, 0x123456), [Rect(1, 0, 2, 1)])
    assert path.read_bytes()[:12] == bytes([0, 0, 0, 0, 0x56, 0x34, 0x12, 0, 0x56, 0x34, 0x12, 0])
    assert path.stat().st_size == SIZE.area * 4
    assert path.stat().st_ino == inode


def test_a_new_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    Compositor(SIZE, tmp_path / "screen.bgrx")
    assert (tmp_path / "screen.bgrx").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("where", ["missing/screen.bgrx", "."])
def test_a_file_that_cannot_be_made_says_what_to_do(tmp_path: Path, where: str) -> None:
    with pytest.raises(DisplayError, match="name a file in a folder"):
        Compositor(SIZE, tmp_path / where)


def test_something_that_is_no_file_is_refused() -> None:
    with pytest.raises(DisplayError, match="not a regular file"):
        Compositor(SIZE, Path("/dev/null"))


def test_a_disk_without_room_says_so_before_anything_is_drawn(tmp_path: Path) -> None:
    # A limit on the file's size fails where a full disk does: when the bytes are reserved.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(DisplayError, match=r"needs 3404 bytes for 37x23 pixels: .*; free some space"):
            Compositor(SIZE, tmp_path / "screen.bgrx")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
