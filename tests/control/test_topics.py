"""Topics and the names in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.control import topics
from edge.control.backoff import Backoff
from edge.errors import ControlError

MAKERS = [topics.status, topics.telemetry, topics.reported, topics.desired, topics.jobs, topics.replies]


@pytest.mark.parametrize("name", ["a", "desk-1", "0", "a" * 63])
def test_device_is_found_again_in_each_of_its_topics(name):
    for maker in [*MAKERS, topics.sign_in, topics.renewal]:
        assert topics.device_of(maker(topics.device_name(name))) == name


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a/b", "+", "#", "a b", "broker", "a" * 64, "desk\n", "é"])
def test_name_is_refused_when_it_means_something_else(name):
    with pytest.raises(ControlError, match="cannot name a device"):
        topics.device_name(name)


@given(st.text(max_size=60))
def test_any_topic_is_one_of_a_device_or_a_control_error(topic):
    try:
        assert topics.device_of(topic) in topic
    except ControlError:
        return


def test_backoff_doubles_up_to_its_longest_and_starts_again():
    backoff = Backoff(lambda: 1.0, first_s=1.0, longest_s=5.0)
    assert [backoff.next_s() for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]
    backoff.reset()
    assert backoff.next_s() == 1.0
    assert Backoff(lambda: 0.0, first_s=1.0).next_s() == 0.5
