import asyncio

import pytest

from edge.session.idle import Idle


async def test_it_lasts_from_the_last_touch():
    now = 0.0
    idle = Idle(lambda: now)
    waiting = asyncio.create_task(idle.lasts(0.05))
    now = 0.04
    idle.touch()
    await asyncio.sleep(0.1)
    assert not waiting.done()
    now = 0.2
    async with asyncio.timeout(5):
        await waiting


async def test_it_lasts_for_ever_when_there_is_no_limit():
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await Idle(lambda: 1e9).lasts(0)
