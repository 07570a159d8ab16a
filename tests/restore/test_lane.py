import time
import weakref

import numpy as np

from edge.restore.backends.lane import Lane


def test_calls_are_made_in_their_order_and_errors_come_with_the_result():
    lane = Lane("test")
    calls = [lane.submit(divmod, 7, by) for by in (2, 0, 3)]
    assert calls[0].result() == (3, 1)
    assert isinstance(calls[1].exception(), ZeroDivisionError)
    assert calls[2].result() == (2, 1)
    lane.close()


def test_nothing_of_a_call_is_kept_when_it_is_over():
    lane = Lane("test")
    picture = np.zeros(8, dtype=np.uint8)
    kept = weakref.ref(picture)
    lane.submit(np.sum, picture).result()
    del picture
    deadline = time.monotonic() + 10
    while kept() is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert kept() is None
    lane.close()
