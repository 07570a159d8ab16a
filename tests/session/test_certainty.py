import numpy as np

from edge.framebuffer.high import HighFramebuffer, TileState
from edge.framebuffer.reduction import Reduction
from edge.geometry import Rect, Size
from edge.pixels import blank
from edge.restore.sharpen import SharpenPolicy
from edge.session.certainty import COLOURS, HATCH_PX, hatch, mark_at
from tests.session.test_desktop import same, showing, until

SIZE = Size(131, 70)


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


async def test_map_is_shown_over_the_picture_and_taken_away_again(desktop):
    async with showing(desktop.port, shows_mark=True) as session:
        await until(lambda: same(session, desktop), "the picture is the native one")
        session._desktop._high.state[4:8, 4:8] = TileState.RESTORED
        for shown in (True, False):
            session.toggle_map()
            colour = COLOURS[TileState.RESTORED]
            await until(
                lambda shown=shown, colour=colour: bool((session.stage.picture == colour).any()) == shown,
                f"the map is shown: {shown}",
            )
            session._desktop._high.state[4:8, 4:8] = TileState.RESTORED
        await until(lambda: same(session, desktop), "nothing of the map is left")


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
