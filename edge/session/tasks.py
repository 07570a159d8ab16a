"""Running several things until the first of them ends."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


async def first_of(*functions: Callable[[], Coroutine[Any, Any, object]]) -> None:
    """Run all, wait until the first one returns or fails, cancel the others and wait for them."""
    tasks = [asyncio.create_task(function()) for function in functions]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
