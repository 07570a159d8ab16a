from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.geometry import Rect, Size
from edge.rfb import (
    LOSSLESS,
    Command,
    EnableContinuousUpdates,
    EncodingNumber,
    ExtensionAnnounced,
    Fence,
    FenceReplied,
    FramebufferUpdateRequest,
    RectangleCopied,
    RectangleDecoded,
    SetEncodings,
    UpdateFinished,
    UpdateStarted,
    compress_level,
    jpeg_quality,
)
from edge.rfb.fence import FenceFlag
from edge.rfb.tuning import LinkPolicy, Quality, Tuner
from edge.rfb.tuning.levels import REST_S, Levels
from edge.rfb.tuning.meter import LinkMeter
from edge.rfb.tuning.pacing import Pacing
from tests.rfb.link_simulation import OneAtATime, Simulation

SIZE = Size(640, 400)
EXACT = LinkPolicy(Quality.LOSSLESS)
ASK = FramebufferUpdateRequest(SIZE.rect, incremental=True)


def tuner(policy: LinkPolicy = EXACT) -> Tuner:
    return Tuner(SIZE, LOSSLESS, policy)


def simulated(**changes: float) -> Simulation:
    """4 Mbit/s and 40 ms, and a server that takes 10 ms for 2 kB; the picture changes 50 times a second."""
    made = Simulation(tuner(), 500_000, 0.04, 0.01, 0.02, 2000, 10.0)
    return replace(made, tuner=tuner(), finished=[], ages=[], asked=[], sent=[], **changes)


# The meter


def test_meter_tells_the_rate_of_a_message_without_its_first_bytes():
    meter = LinkMeter()
    assert meter.bytes_s is None
    meter.arrived(100_000, 1.0, goes_on=True)
    for number in range(1, 11):
        meter.arrived(5000, 1.0 + number / 100, goes_on=number < 10)
    assert meter.bytes_s == pytest.approx(500_000)


@pytest.mark.parametrize(
    "arrivals",
    [
        [(100_000, 0.0, False), (100_000, 0.1, False)],  # whole messages, at rest between them
        [(1000, 0.0, True), (3000, 0.1, False)],  # few bytes
        [(1000, 0.0, True), (90_000, 0.001, False)],  # at once
    ],
)
def test_meter_says_nothing_of_what_tells_nothing(arrivals):
    meter = LinkMeter()
    for count, now, goes_on in arrivals:
        meter.arrived(count, now, goes_on=goes_on)
    assert meter.bytes_s is None


def test_meter_takes_the_fastest_of_the_last_samples_and_forgets():
    meter = LinkMeter()

    def message(at: float, seconds: float) -> None:
        meter.arrived(1, at, goes_on=True)
        meter.arrived(10_000, at + seconds, goes_on=False)

    message(0, 0.02)
    message(1, 0.1)
    assert meter.bytes_s == pytest.approx(500_000)
    for number in range(8):
        message(2 + number, 0.1)
    assert meter.bytes_s == pytest.approx(100_000)


def test_meter_keeps_the_shortest_answer():
    meter = LinkMeter()
    for delay_s in (0.2, 0.04, 0.3):
        meter.answered(delay_s)
    assert meter.round_trip_s == 0.04
    meter.answered(-1.0)
    assert meter.round_trip_s > 0


# Asking


def test_small_updates_are_asked_for_ahead_and_come_as_fast_as_they_are_made():
    simulation = simulated()
    simulation.run(10.0)
    late = [time for time in simulation.finished if time > 2.0]
    assert len(late) / 8 > 40  # one at a time: 1 / (40 + 10 + 4 ms) = 18
    assert simulation.tuner.meter.round_trip_s == pytest.approx(0.054, abs=0.02)


def test_large_updates_are_asked_for_one_at_a_time_so_that_none_waits_behind_another():
    simulation = simulated(update_bytes=100_000)
    simulation.run(10.0)
    # A change that just missed one update waits for that, and for its own: for no third.
    assert max(simulation.ages[2:]) < 2 * 0.2 + 0.1
    assert len(simulation.asked) <= len(simulation.finished) + 2


def test_updates_that_just_fit_fill_the_link_and_do_not_queue_in_it():
    simulation = simulated(update_bytes=20_000)
    simulation.run(10.0)
    received = 20_000 * sum(time > 2.0 for time in simulation.finished)
    assert received / 8 > 0.85 * 500_000
    assert max(simulation.ages[5:]) < 0.25


@pytest.mark.parametrize("bytes_s", [125_000, 500_000, 2_500_000])
@pytest.mark.parametrize("update_bytes", [2000, 10_000, 26_000, 40_000, 175_000])
def test_film_comes_no_later_and_no_slower_than_asked_for_one_update_at_a_time(bytes_s, update_bytes):
    ages, rates = [], []
    for kind in (OneAtATime, Tuner):
        simulation = simulated(bytes_s=bytes_s, update_bytes=update_bytes, change_s=0.05, changes_until=20.0)
        simulation.tuner = kind(SIZE, LOSSLESS, EXACT)
        simulation.run(20.0)
        steady = [age for time, age in zip(simulation.finished, simulation.ages, strict=True) if time > 5.0]
        ages.append(max(steady))
        rates.append(len(steady))
    assert ages[1] <= ages[0] + 1e-6
    assert rates[1] >= rates[0]
    if update_bytes < bytes_s / 12:  # an update that takes the link less than 80 ms
        assert rates[1] > 0.95 * min(20 * 15, 15 * bytes_s / update_bytes)


@given(
    st.floats(20_000, 20e6),
    st.floats(0.001, 0.4),
    st.floats(0.0, 0.1),
    st.floats(0.02, 1.0),
    st.integers(50, 200_000),
    st.integers(50, 200_000),
)
def test_asking_never_stalls_and_comes_to_rest(bytes_s, round_trip_s, service_s, change_s, update_bytes, first_bytes):
    simulation = simulated(
        bytes_s=bytes_s,
        round_trip_s=round_trip_s,
        service_s=service_s,
        change_s=change_s,
        update_bytes=update_bytes,
        first_bytes=first_bytes,
        changes_until=10.0,
    )
    simulation.run(100.0)
    one_by_one = round_trip_s + service_s + update_bytes / bytes_s + change_s
    assert len(simulation.finished) >= (10.0 - first_bytes / bytes_s) / one_by_one - 1
    # Whatever has changed was shown, and then requests lie at the server, and nothing more is sent.
    assert not simulation._changed
    assert simulation._requested
    assert simulation.rests
    assert sum(time > simulation.finished[-1] for time in simulation.asked) <= 8


def test_pacing_asks_at_the_end_where_nothing_is_known():
    meter = LinkMeter()
    pacing = Pacing(meter, 0.1)
    pacing.asked(0.0)
    assert pacing.asks_in(0.1) is None
    pacing.began(0.5)
    assert pacing.asks_in(0.6) is None
    pacing.ended(1000, 0.6)
    assert pacing.asks_in(0.7) == 0
    assert meter.round_trip_s == 0.5


# Levels


def test_film_is_asked_for_in_jpeg_that_gets_worse_until_it_fits_and_better_where_there_is_room():
    levels = Levels(LinkPolicy(), LOSSLESS)
    assert levels.encodings == (*LOSSLESS, compress_level(6))
    seen = []
    for _ in range(30):
        levels.update_took(0.2, 500_000)
        if levels.quality not in seen:
            seen.append(levels.quality)
    assert seen == [None, 8, 6, 4, 3]
    assert levels.encodings[0] == EncodingNumber.TIGHT
    assert jpeg_quality(3) in levels.encodings
    for _ in range(40):
        levels.update_took(0.01, 500_000)
    assert levels.quality == 8
    assert levels.rested()
    assert levels.encodings == (*LOSSLESS, compress_level(6))
    assert not levels.rested()


def test_one_large_update_is_no_film():
    levels = Levels(LinkPolicy(), LOSSLESS)
    for seconds in (0.9, 0.01) * 20:
        levels.update_took(seconds, 500_000)
        assert levels.quality is None


@pytest.mark.parametrize("policy", [EXACT, LinkPolicy(least_quality=5, most_quality=5)])
@given(st.lists(st.tuples(st.floats(0, 10), st.floats(1, 1e9)), max_size=60))
def test_levels_keep_to_the_policy(policy, updates):
    levels = Levels(policy, LOSSLESS)
    for seconds, bytes_s in updates:
        before = levels.encodings
        assert levels.update_took(seconds, bytes_s) == (levels.encodings != before)
        assert levels.quality in ({None} if policy is EXACT else {None, 5})
        assert policy.least_compression <= levels.compression <= policy.most_compression


def test_compression_follows_the_rate_and_does_not_waver():
    levels = Levels(LinkPolicy(), LOSSLESS)
    found = []
    for mbit in (1, 4, 20, 24, 20, 24, 100, 1000, 1):
        levels.update_took(0.0, mbit * 125_000)
        found.append(levels.compression)
    assert found[:2] == [6, 6]
    assert len(set(found[2:6])) == 1
    assert found[-3:] == [1, 1, 6]


@pytest.mark.parametrize("changes", [{"least_quality": 9}, {"most_compression": 10}, {"least_compression": -1}])
def test_policy_with_levels_that_are_none_is_refused(changes):
    with pytest.raises(ValueError, match="expected 0 to 9"):
        LinkPolicy(**changes)


# All of it


def test_tuner_begins_with_everything_and_offers_its_own_extensions():
    [offer, ask] = tuner().begin(0.0)
    assert {EncodingNumber.FENCE, EncodingNumber.CONTINUOUS_UPDATES} < set(offer.encodings)
    assert ask == FramebufferUpdateRequest(SIZE.rect, incremental=False)


def update(found: Tuner, at: float, size: int, seconds: float = 0.0) -> tuple[Command, ...]:
    """Have an update of `size` bytes come, which takes the link so long; returns what is sent meanwhile."""
    sent = found.arrived(1, at, goes_on=True) + found.take(UpdateStarted(1), at)
    sent += found.arrived(size, at + seconds, goes_on=False)
    return sent + found.take(UpdateFinished(size), at + seconds)


def test_continuous_updates_take_the_place_of_requests_while_updates_are_short():
    found = tuner()
    found.begin(0.0)
    assert found.take(ExtensionAnnounced(EncodingNumber.CONTINUOUS_UPDATES), 0.1) == ()
    assert ASK in update(found, 0.5, 100_000, 0.2)
    for number in range(3):
        assert ASK in update(found, 1.0 + number, 1000)
    assert update(found, 5.0, 1000) == (EnableContinuousUpdates(enable=True, rect=SIZE.rect),)
    assert update(found, 6.0, 1000) == ()
    assert found.due_in(6.0) is None
    assert update(found, 7.0, 40_000, 0.08) == ()
    assert update(found, 8.0, 100_000, 0.2)[:2] == (EnableContinuousUpdates(enable=False, rect=SIZE.rect), ASK)


def test_server_that_has_not_announced_continuous_updates_is_asked():
    found = tuner()
    found.begin(0.0)
    update(found, 0.5, 100_000, 0.2)
    for number in range(9):
        assert update(found, 1.0 + number, 1000)[0] == ASK


def test_fence_is_sent_once_announced_one_at_a_time_and_measures_the_round_trip():
    found = tuner()
    found.begin(0.0)
    found.take(UpdateStarted(1), 0.4)
    assert Fence() not in found.take(UpdateFinished(1000), 0.4)
    assert found.take(ExtensionAnnounced(EncodingNumber.FENCE), 1.0) == (Fence(),)
    assert Fence() not in update(found, 9.0, 1000)
    found.take(FenceReplied(b"", FenceFlag.BLOCK_BEFORE), 9.0)
    assert Fence() in update(found, 10.0, 1000)
    found.take(FenceReplied(b"", FenceFlag.BLOCK_BEFORE), 10.03)
    assert found.meter.round_trip_s == pytest.approx(0.03)
    assert Fence() not in update(found, 10.5, 1000)
    assert Fence() in update(found, 11.5, 1000)


def drawn(rect: Rect, *, exact: bool) -> RectangleDecoded:
    return RectangleDecoded(rect, np.zeros(rect.size.shape, np.uint32), EncodingNumber.TIGHT, exact=exact)


def test_what_came_inexact_is_asked_for_anew_once_nothing_moves():
    found = tuner()
    found.begin(0.0)
    assert found.due_in(0.0) is None
    found.arrived(1000, 1.0, goes_on=False)
    found.take(drawn(Rect(70, 10, 60, 20), exact=False), 1.0)
    assert found.due_in(1.0) == pytest.approx(REST_S)
    assert 0 < found.due_in(1.3) < REST_S
    assert found.due(1.3) == ()
    assert found.due_in(1.0 + REST_S) == 0
    assert found.fraction_exact == 1 - 60 * 20 / SIZE.area
    assert found.due(2.0) == (FramebufferUpdateRequest(Rect(64, 0, 128, 64), incremental=False),)
    assert found.due_in(9.0) > 0
    assert found.due(9.0) == ()  # it is on its way
    found.take(UpdateStarted(2), 9.0)
    found.take(drawn(Rect(64, 0, 50, 64), exact=True), 9.0)
    found.take(drawn(Rect(114, 0, 78, 64), exact=True), 9.0)
    found.take(UpdateFinished(1000), 9.0)
    assert found.fraction_exact == 1
    assert found.due_in(20.0) is None


def test_copy_is_as_exact_as_what_it_copies():
    found = tuner()
    found.take(drawn(Rect(0, 0, 10, 10), exact=False), 0.0)
    found.take(RectangleCopied(Rect(5, 5, 10, 10), 0, 0), 0.0)
    assert found.fraction_exact == 1 - 175 / SIZE.area
    found.take(RectangleCopied(Rect(0, 0, 20, 20), 100, 100), 0.0)
    assert found.fraction_exact == 1


def test_film_leads_to_jpeg_and_rest_back_to_exact_pixels():
    simulation = simulated(update_bytes=100_000)
    simulation.tuner = tuner(LinkPolicy())
    simulation.run(5.0)
    offers = [command.encodings for command in simulation.sent if isinstance(command, SetEncodings)]
    assert jpeg_quality(8) in offers[1]
    assert jpeg_quality(3) in offers[-1]
    simulation.tuner.take(drawn(Rect(0, 0, 64, 64), exact=False), 5.0)
    *_, offer, ask = simulation.tuner.due(9.0)
    assert not {jpeg_quality(level) for level in range(10)} & set(offer.encodings)
    assert ask == FramebufferUpdateRequest(Rect(0, 0, 64, 64), incremental=False)
