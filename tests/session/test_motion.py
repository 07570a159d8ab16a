import pytest

from edge.session.motion import LONGEST_PAUSE_S, MOTION_SHARE, RHYTHM, SERVER_CYCLE_S, Motion

ROUND_TRIP_S = 0.04
SILENCE_S = ROUND_TRIP_S + SERVER_CYCLE_S


def test_picture_rests_after_a_round_trip_and_a_cycle_of_the_server():
    motion = Motion(ROUND_TRIP_S)
    motion.updated(0.5, now=10.0)
    assert motion.rests_at == pytest.approx(10.0 + SILENCE_S)


def test_what_is_typed_is_no_motion():
    motion = Motion(ROUND_TRIP_S)
    motion.updated(MOTION_SHARE / 2, now=10.0)
    assert motion.rests_at < 10.0


def test_who_scrolls_step_by_step_is_expected_to_go_on():
    motion = Motion(ROUND_TRIP_S)
    for now in (10.0, 10.25, 10.5):
        motion.updated(0.5, now)
    assert motion.rests_at == pytest.approx(10.5 + RHYTHM * 0.25)


def test_a_long_pause_is_no_rhythm():
    motion = Motion(ROUND_TRIP_S)
    for now in (10.0, 10.0 + LONGEST_PAUSE_S, 11.0):
        motion.updated(0.5, now)
    assert motion.rests_at == pytest.approx(11.0 + SILENCE_S)
