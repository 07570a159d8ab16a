"""A thread of its own for calls that may never return."""

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Lane:
    """Makes calls one after another in one thread, which does not keep the process from ending.

    The threads of `ThreadPoolExecutor` do: the interpreter waits for them at exit, for ever if one hangs in a driver.
    """

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        Thread(target=self._work, name=name, daemon=True).start()

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have `work` called after what was submitted before."""
        future: Future[T] = Future()

        def call() -> None:
            try:
                result = work(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - it is seen to where the result is asked for
                future.set_exception(error)
            else:
                future.set_result(result)

        self._calls.put(call)
        return future

    def close(self) -> None:
        """Let the thread end after what was submitted; never waits for it."""
        self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()
            # It holds its arguments and its result, pictures among them, and the next may be long in coming.
            del call
