from hypothesis import given
from hypothesis import strategies as st

from edge.geometry import Size
from edge.input.pointer import Button, PointerMap, wheel_clicks

sizes = st.builds(Size, st.integers(1, 4000), st.integers(1, 4000))
maps = st.builds(PointerMap, desktop=sizes, scale=st.sampled_from([1, 2, 4]), shown=st.none() | sizes)
positions = st.integers(-5000, 9000)


@given(maps, positions, positions)
def test_every_position_lands_inside(pointer: PointerMap, x: int, y: int) -> None:
    for mapped, size in (
        (pointer.to_desktop(x, y), pointer.desktop),
        (pointer.to_display(x, y), pointer.shown or pointer.desktop),
        (pointer.from_server(x, y), pointer.desktop),
    ):
        assert 0 <= mapped[0] < size.width
        assert 0 <= mapped[1] < size.height
    column, row = pointer.to_server(x, y)
    assert 0 <= column < max(1, pointer.desktop.width // pointer.scale)
    assert 0 <= row < max(1, pointer.desktop.height // pointer.scale)


@given(maps, st.data())
def test_the_servers_pixel_survives_the_way_there_and_back(pointer: PointerMap, data: st.DataObject) -> None:
    column = data.draw(st.integers(0, max(1, pointer.desktop.width // pointer.scale) - 1))
    row = data.draw(st.integers(0, max(1, pointer.desktop.height // pointer.scale) - 1))
    assert pointer.to_server(*pointer.from_server(column, row)) == (column, row)


@given(sizes, st.integers(1, 3), st.data())
def test_the_desktops_pixel_survives_a_larger_display(desktop: Size, factor: int, data: st.DataObject) -> None:
    pointer = PointerMap(desktop, shown=Size(desktop.width * factor, desktop.height * factor))
    x, y = data.draw(st.integers(0, desktop.width - 1)), data.draw(st.integers(0, desktop.height - 1))
    assert pointer.to_desktop(*pointer.to_display(x, y)) == (x, y)


def test_positions_of_a_quarter_are_those_of_the_block() -> None:
    pointer = PointerMap(Size(1920, 1080), scale=4)
    assert pointer.to_server(0, 0) == (0, 0)
    assert pointer.to_server(7, 8) == (1, 2)
    assert pointer.to_server(1919, 1079) == (479, 269)
    assert PointerMap(Size(1366, 768), scale=4).to_server(1365, 767) == (340, 191)


def test_wheels_are_told_from_buttons() -> None:
    assert wheel_clicks(0b1011) == Button.WHEEL_UP
    assert wheel_clicks(Button.LEFT | Button.RIGHT) == 0
