import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.geometry import Grid, Rect, Size
from edge.pixels import rgb565
from edge.restore import texture
from edge.restore.sharpen import (
    CONFIRM_BYTES,
    CONFIRM_EVERY_S,
    CONFIRM_S,
    IDLE_S,
    LOST_S,
    REST_S,
    Sharpener,
    SharpenPolicy,
)

GRID = Grid(Size(160, 120), 8)
NONE = GRID.mask()
ALL = GRID.mask(value=True)
PLENTY = 1e9


def screen(*textured: tuple[int, int]) -> np.ndarray:
    """A white screen with one dark pixel in each of the `textured` tiles (row, column)."""
    low = np.full(GRID.size.shape, 0xFFFFFF, dtype=np.uint32)
    for row, column in textured:
        low[row * 8 + 4, column * 8 + 4] = 0
    return low


def seen(policy: SharpenPolicy, low: np.ndarray, now: float = 0.0) -> Sharpener:
    sharpener = Sharpener(GRID, policy)
    sharpener.changed(ALL, low, now)
    return sharpener


def tiles(mask: np.ndarray) -> list[tuple[int, int]]:
    return [(int(row), int(column)) for row, column in np.argwhere(mask)]


def inside(rect: Rect) -> np.ndarray:
    mask = GRID.mask()
    mask[GRID.touched(rect)] = True
    return mask


def test_nothing_is_due_before_anything_was_seen():
    sharpener = Sharpener(GRID, SharpenPolicy.ALL)
    assert not sharpener.due(NONE, NONE, 100.0).any()
    assert sharpener.next_due_at(NONE, NONE, 100.0) is None


def test_nothing_is_wanted_when_the_policy_is_off():
    sharpener = seen(SharpenPolicy.OFF, screen((0, 0)))
    assert sharpener.next_due_at(NONE, NONE, 100.0) is None


def test_a_tile_is_due_once_it_has_rested():
    sharpener = seen(SharpenPolicy.TEXT, screen((0, 0)), now=10.0)
    assert not sharpener.due(NONE, NONE, 10.0 + REST_S / 2).any()
    assert sharpener.next_due_at(NONE, NONE, 10.0) == 10.0 + REST_S
    assert sharpener.due(NONE, NONE, 10.0 + REST_S).all()


def test_text_is_not_told_from_pictures_before_a_change_has_rested(monkeypatch):
    looks: list[float] = []
    look = texture.pictures_and_flat
    monkeypatch.setattr(texture, "pictures_and_flat", lambda *of: looks.append(0.0) or look(*of))
    sharpener = seen(SharpenPolicy.TEXT, screen((0, 0)), now=0.0)
    letter = GRID.mask()
    letter[5, 5] = True
    for exact, at in ((ALL, None), (~letter, 1.0 + REST_S)):  # before it is drawn, and after
        sharpener.due(ALL, NONE, 0.5)
        looks.clear()
        sharpener.changed(letter, screen((0, 0), (5, 5)), now=1.0)
        assert sharpener.next_due_at(exact, NONE, 1.0) == at
        assert not looks


def test_a_blinking_caret_holds_back_nothing_but_itself():
    sharpener = seen(SharpenPolicy.TEXT, screen((0, 0)), now=0.0)
    caret = GRID.mask()
    caret[5, 5] = True
    sharpener.changed(caret, screen((0, 0), (5, 5)), now=1.0)
    assert tiles(~sharpener.due(NONE, NONE, 1.01)) == [(5, 5)]


def test_a_likely_tile_waits_until_confirming_it_is_idle_work():
    sharpener = seen(SharpenPolicy.TEXT, screen((0, 0)), now=0.0)
    assert not sharpener.due(NONE, ALL, CONFIRM_S / 2).any()
    assert sharpener.due(NONE, ALL, CONFIRM_S).all()


def test_text_near_the_pointer_comes_first_then_reading_order_then_what_is_flat():
    low = screen((0, 0), (0, 19), (14, 19))
    order = []
    sharpener = seen(SharpenPolicy.TEXT, low)
    sharpener.look_at((14, 19))
    for _ in range(4):
        due = sharpener.due(NONE, NONE, 1.0)
        rect, _ = sharpener.choose(due, NONE, budget_bytes=1.0, now=1.0)
        order += tiles(inside(rect))
    assert order[:3] == [(14, 19), (0, 0), (0, 19)]
    assert order[3] not in {(14, 19), (0, 0), (0, 19)}


@given(st.floats(1, 1e5), st.sets(st.tuples(st.integers(0, 14), st.integers(0, 19)), max_size=40))
def test_choice_stays_in_the_budget_or_is_one_tile(budget_bytes, textured):
    sharpener = seen(SharpenPolicy.ALL, screen(*textured))
    due = sharpener.due(NONE, NONE, 1.0)
    rect, cost = sharpener.choose(due, NONE, budget_bytes, now=1.0)
    chosen = inside(rect)
    assert cost <= budget_bytes or chosen.sum() == 1
    assert GRID.covered(rect) == GRID.touched(rect)
    assert not (sharpener.due(NONE, NONE, 1.0) & chosen).any()


def test_rectangle_takes_in_what_lies_between_and_leaves_out_what_is_not_due():
    line = [(3, column) for column in range(5, 15) if column != 9]
    sharpener = seen(SharpenPolicy.TEXT, screen(*line, (10, 10)))
    exact = ~inside(Rect(5 * 8, 3 * 8, 10 * 8, 8)) & ~inside(Rect(10 * 8, 10 * 8, 8, 8))
    rect, _ = sharpener.choose(sharpener.due(exact, NONE, 1.0), NONE, PLENTY, now=1.0)
    assert rect == Rect(5 * 8, 3 * 8, 10 * 8, 8)


def test_nothing_is_chosen_when_nothing_is_due():
    assert seen(SharpenPolicy.ALL, screen()).choose(NONE, NONE, PLENTY, now=1.0) == (Rect(0, 0, 0, 0), 0.0)


def test_what_was_asked_for_is_not_asked_again_until_it_counts_as_lost():
    sharpener = seen(SharpenPolicy.ALL, screen())
    rect, _ = sharpener.choose(sharpener.due(NONE, NONE, 1.0), NONE, PLENTY, now=1.0)
    assert rect == GRID.size.rect
    assert not sharpener.due(NONE, NONE, 1.0 + LOST_S / 2).any()
    assert sharpener.next_due_at(NONE, NONE, 2.0) == 1.0 + LOST_S
    assert sharpener.due(NONE, NONE, 1.0 + LOST_S).all()


def test_arrived_tiles_are_no_longer_under_way():
    sharpener = seen(SharpenPolicy.ALL, screen())
    sharpener.choose(ALL, NONE, PLENTY, now=1.0)
    assert not sharpener.idle
    sharpener.arrived(ALL)
    assert sharpener.idle


def test_a_tile_is_fresh_until_it_changes_after_it_was_asked_for():
    sharpener = seen(SharpenPolicy.ALL, screen(), now=0.0)
    assert not sharpener.fresh().any()
    sharpener.choose(ALL, NONE, PLENTY, now=1.0)
    assert sharpener.fresh().all()
    corner = GRID.mask()
    corner[0, 0] = True
    sharpener.changed(corner, screen((0, 0)), now=1.5)
    assert tiles(~sharpener.fresh()) == [(0, 0)]


def test_pictures_are_wanted_by_the_policy_all_alone():
    noise = np.random.default_rng(1).integers(0, 1 << 24, GRID.size.shape, dtype=np.uint32)
    assert not seen(SharpenPolicy.TEXT, noise).wanted(NONE).any()
    assert seen(SharpenPolicy.ALL, noise).wanted(NONE).all()


@pytest.mark.parametrize("price", [20.0, 900.0])
def test_price_of_a_tile_follows_what_tiles_cost(price):
    everywhere = [(row, column) for row in range(15) for column in range(20)]
    sharpener = seen(SharpenPolicy.ALL, screen(*everywhere))
    for _ in range(20):
        sharpener.learn(200, int(200 * price))
    _, cost = sharpener.choose(ALL, NONE, PLENTY, now=1.0)
    assert cost == pytest.approx(price * len(everywhere), rel=0.05)


def test_what_lies_among_proven_pictures_is_not_fetched_as_text_until_it_changes():
    sharpener = seen(SharpenPolicy.TEXT, screen((3, 3)))
    around = inside(Rect(16, 16, 24, 24))
    around[3, 3] = False
    sharpener.proven(around, around)
    assert tiles(~sharpener.wanted(NONE)) == tiles(inside(Rect(16, 16, 24, 24)))
    sharpener.changed(around, screen((3, 3)), now=1.0)
    assert sharpener.wanted(NONE).all()


def test_policy_reading_waits_with_what_is_far_from_pointer_and_caret():
    sharpener = seen(SharpenPolicy.READING, screen((0, 0), (14, 19)), now=0.0)
    sharpener.look_at((14, 19))
    near = sharpener.due(NONE, NONE, REST_S)
    assert near[14, 19]
    assert not near[0, 0]
    assert sharpener.due(NONE, NONE, IDLE_S).all()


def test_pictures_come_after_text_by_the_policy_all():
    low = screen(*[(row, column) for row in range(15) for column in range(20)])
    low[:64, :80] = rgb565(np.random.default_rng(1).integers(0, 1 << 24, (64, 80), dtype=np.uint32))
    sharpener = seen(SharpenPolicy.ALL, low)
    rect, _ = sharpener.choose(sharpener.due(NONE, NONE, 1.0), NONE, 1.0, now=1.0)
    assert not sharpener.pictures[GRID.touched(rect)].any()


def test_confirmations_are_small_and_far_apart():
    sharpener = seen(SharpenPolicy.TEXT, screen(*[(row, column) for row in range(15) for column in range(20)]))
    asked = 0
    for now in np.arange(CONFIRM_S, CONFIRM_S + 20, 0.05):
        due = sharpener.due(NONE, ALL, now)
        rect, cost = sharpener.choose(due, ALL, PLENTY, now)
        asked += cost
        if rect:
            sharpener.arrived(inside(rect))
            sharpener.changed(inside(rect), screen((0, 0)), now - CONFIRM_S)
    assert 0 < asked <= CONFIRM_BYTES * 21 / CONFIRM_EVERY_S
