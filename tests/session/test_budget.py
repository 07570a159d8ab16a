from hypothesis import given
from hypothesis import strategies as st

from edge.session.budget import MAX_WINDOW_BYTES, MIN_REQUEST_BYTES, ByteBudget


def fetched(budget: ByteBudget, link_bytes_s: float, delay_s: float, seconds: float) -> float:
    """Keep a link of this rate and delay as busy as the budget allows; return the bytes fetched in a second."""
    now, link_free_at, total = 0.0, 0.0, 0.0
    under_way: list[tuple[float, float, float]] = []
    while now < seconds:
        while (wanted := budget.next_bytes(sum(size for _, size, _ in under_way), now)) > 0:
            link_free_at = max(link_free_at, now + delay_s) + wanted / link_bytes_s
            under_way.append((link_free_at, wanted, now))
        now, size, asked_at = under_way[0]
        budget.arrived(int(size), sum(size for _, size, _ in under_way), asked_at, now)
        under_way.pop(0)
        total += size
    return total / now


def test_window_grows_to_fill_a_fast_link():
    assert fetched(ByteBudget(), link_bytes_s=5e6, delay_s=0.06, seconds=4) > 2e6


def test_window_stays_small_on_a_slow_link():
    budget = ByteBudget()
    assert fetched(budget, link_bytes_s=125_000, delay_s=0.06, seconds=6) > 80_000
    assert budget.next_bytes(0, 6.0) <= 24_000


def test_window_grows_where_the_server_takes_its_time():
    assert fetched(ByteBudget(), link_bytes_s=5e5, delay_s=0.25, seconds=6) > 4e5


def test_a_link_that_was_asked_for_little_is_not_taken_for_a_slow_one():
    budget = ByteBudget()
    before = budget.next_bytes(0, 0.0)
    for second in range(100):
        budget.arrived(250, 250, float(second), second + 0.1)
    assert budget.next_bytes(0, 100.0) == before


@given(st.lists(st.tuples(st.integers(1, 1 << 20), st.floats(0, 5), st.booleans()), max_size=50))
def test_a_request_is_allowed_once_nothing_is_under_way(replies):
    budget, now = ByteBudget(), 0.0
    for size, wait_s, asked in replies:
        asked_at, now = now, now + wait_s
        budget.arrived(size, size, asked_at if asked else None, now)
        assert MIN_REQUEST_BYTES <= budget.next_bytes(0, now) <= MAX_WINDOW_BYTES


def test_cap_holds_over_any_stretch_of_seconds_whatever_the_link_has_left():
    capped = fetched_in(ByteBudget(cap_kbit=400), seconds=20)
    assert 0.8 * 50_000 * 20 <= capped <= 50_000 * 21 + MIN_REQUEST_BYTES


def test_cap_below_one_request_a_second_still_lets_something_through():
    assert 4_000 <= fetched_in(ByteBudget(cap_kbit=8), seconds=30) <= 1_000 * 30 + 2 * MIN_REQUEST_BYTES


def fetched_in(budget: ByteBudget, seconds: float) -> float:
    """Ask whenever it is allowed, of a link that answers at once."""
    now, total = 0.0, 0.0
    while now < seconds:
        while (wanted := budget.next_bytes(0, now)) > 0:
            budget.arrived(int(wanted), wanted, now, now)
            total += wanted
        wait_s = budget.wait_s(0, now)
        assert wait_s > 0
        now += wait_s + 1e-6
    return total
