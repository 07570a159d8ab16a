from hypothesis import given
from hypothesis import strategies as st

from edge.session.budget import MAX_WINDOW_BYTES, MIN_REQUEST_BYTES, ByteBudget


def fetched(budget: ByteBudget, link_bytes_s: float, delay_s: float, seconds: float) -> float:
    """Keep a link of this rate and delay as busy as the budget allows; return the bytes fetched in a second."""
    now, link_free_at, total = 0.0, 0.0, 0
    under_way: list[tuple[float, int]] = []
    while now < seconds:
        while (wanted := budget.next_bytes(now)) > 0:
            budget.asked(wanted, now)
            link_free_at = max(link_free_at, now + delay_s) + wanted / link_bytes_s
            under_way.append((link_free_at, int(wanted)))
        at, size = under_way.pop(0)
        now = at
        total += size
        budget.arrived(size, now, more=bool(under_way))
    return total / now


def test_window_grows_to_fill_a_fast_link():
    assert fetched(ByteBudget(), link_bytes_s=5e6, delay_s=0.06, seconds=4) > 2e6


def test_window_stays_small_on_a_slow_link():
    budget = ByteBudget()
    assert fetched(budget, link_bytes_s=125_000, delay_s=0.06, seconds=6) > 80_000
    assert budget.next_bytes(6.0) <= 24_000


@given(st.lists(st.tuples(st.integers(1, 1 << 20), st.floats(0, 5), st.booleans()), max_size=50))
def test_a_request_is_allowed_again_once_nothing_is_under_way(replies):
    budget, now = ByteBudget(), 0.0
    for size, wait_s, more in replies:
        budget.asked(budget.next_bytes(now), now)
        now += wait_s
        budget.arrived(size, now, more=more)
        assert budget.next_bytes(now) <= MAX_WINDOW_BYTES
    budget.forget_requests()
    assert budget.next_bytes(now) >= MIN_REQUEST_BYTES


def test_cap_holds_over_any_stretch_of_seconds_whatever_the_link_has_left():
    capped = fetched_in(ByteBudget(cap_kbit=400), seconds=20)
    assert 0.8 * 50_000 * 20 <= capped <= 50_000 * 21 + MIN_REQUEST_BYTES


def test_cap_below_one_request_a_second_still_lets_something_through():
    assert 4_000 <= fetched_in(ByteBudget(cap_kbit=8), seconds=30) <= 1_000 * 30 + 2 * MIN_REQUEST_BYTES


def fetched_in(budget: ByteBudget, seconds: float) -> float:
    """Ask whenever it is allowed, of a link that answers at once."""
    now, total = 0.0, 0.0
    while now < seconds:
        while (wanted := budget.next_bytes(now)) > 0:
            budget.asked(wanted, now)
            budget.arrived(int(wanted), now, more=False)
            total += wanted
        wait_s = budget.wait_s(now)
        assert wait_s > 0
        now += wait_s + 1e-6
    return total
