import numpy as np
import pytest

from edge.framebuffer.high import HighFramebuffer, TileState
from edge.framebuffer.reduction import Reduction
from edge.geometry import Rect, Size
from edge.pixels import blank
from edge.restore.sharpen import SharpenPolicy
from edge.session.certainty import COLOURS, HATCH_PX, MapChord, hatch, mark_at
from tests.session.test_desktop import same, showing, until

CONTROL, ALT, E, A = 0xFFE3, 0xFFE9, ord("e"), ord("a")
SIZE = Size(131, 70)


def press(chord: MapChord, *keysyms: int) -> list[tuple[bool, bool]]:
    return [chord.take(keysym, down=True) for keysym in keysyms]


def test_chord_is_kept_from_the_desktop_and_completed_once_while_the_key_repeats():
    chord = MapChord()
    assert press(chord, CONTROL, ALT, E, E) == [(False, False), (False, False), (True, True), (True, False)]
    assert chord.take(ALT, down=False) == (False, False)
    assert chord.take(E, down=False) == (True, False)
    assert press(chord, E) == [(False, False)]


@pytest.mark.parametrize("held", [(), (CONTROL,), (ALT,)], ids=str)
def test_letter_without_both_modifiers_is_for_the_desktop(held):
    chord = MapChord()
    press(chord, *held)
    assert press(chord, E, A) == [(False, False), (False, False)]


def test_map_hatches_what_is_not_exact_and_may_be_drawn_twice():
    high = HighFramebuffer(Reduction(SIZE, 4))
    high.state[:] = TileState.EXACT
    high.state[0, 0], high.state[-1, -1] = TileState.RESTORED, TileState.LIKELY
    picture = blank(SIZE, 0xFFFFFF)
    hatch(high)(picture, SIZE.rect)
    once = picture.copy()
    assert (picture[:32, :32] == COLOURS[TileState.RESTORED]).sum() == 32 * 32 // HATCH_PX
    assert (picture[64:, 128:] == COLOURS[TileState.LIKELY]).any()
    assert (picture[:32, 32:] == 0xFFFFFF).all()
    for part in (Rect(0, 0, 17, 5), Rect(3, 1, 100, 69)):
        hatch(high)(picture, part)
    assert np.array_equal(picture, once)


async def test_map_is_shown_over_the_picture_by_the_chord_and_taken_away_again(desktop):
    async with showing(desktop.port, shows_mark=True) as session:
        await until(lambda: same(session, desktop), "the picture is the native one")
        session._desktop._high.state[4:8, 4:8] = TileState.RESTORED
        for shown in (True, False):
            for keysym, down in ((CONTROL, True), (ALT, True), (E, True), (E, False), (ALT, False), (CONTROL, False)):
                session.key(keysym, down=down)
            colour = COLOURS[TileState.RESTORED]
            await until(
                lambda shown=shown, colour=colour: bool((session.stage.picture == colour).any()) == shown,
                f"the map is shown: {shown}",
            )
            session._desktop._high.state[4:8, 4:8] = TileState.RESTORED
        await until(lambda: same(session, desktop), "nothing of the map is left, and nothing was typed")


async def test_mark_stands_by_the_pointer_while_the_text_there_is_not_exact(desktop):
    async with showing(desktop.port, shows_mark=True) as session:
        await until(lambda: same(session, desktop), "the picture is the native one")
        session.pointer(100, 100, 0)
        mark = mark_at((100, 100))
        session._desktop._sharpening.sharpener.policy = SharpenPolicy.OFF
        high = session._desktop._high
        high.state[high.grid.touched(Rect(25, 25, 1, 1))] = TileState.RESTORED
        await until(lambda: bool((session.stage.picture[mark.slices] == 0xFF8C00).all()), "the mark is there")
        high.state[high.grid.touched(Rect(25, 25, 1, 1))] = TileState.EXACT
        await until(lambda: not (session.stage.picture[mark.slices] == 0xFF8C00).any(), "the mark is gone")
