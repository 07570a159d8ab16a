"""From power-on to an exact desktop, by the keys of a keyboard and the pixels of a monitor alone."""

import asyncio
import time

import numpy as np

from tests.vm.machine import until

PATIENCE_S = 240


async def test_user_signs_in_by_keyboard_and_sees_the_very_desktop(started):
    vm = started.machine
    await vm.agent_answers()
    at = await started.reached("greeter")
    first = await until_drawn(started)
    started.figure("power-on to sign-in screen, s", max(at, first) - vm.started)
    await started.keep("1-sign-in")

    before = await vm.screen()
    pressed = time.monotonic()
    await vm.key("k")
    started.figure("key to picture at the sign-in screen, s", await changed(started, before) - pressed)
    await vm.key("backspace")
    await vm.type("kim\t")
    await started.keep("2-name-typed")
    await vm.type(f"{await started.installed.fresh_code()}")
    entered = time.monotonic()
    await vm.key("ret")
    await started.reached("desktop", patience_s=PATIENCE_S)
    started.figure("sign-in to desktop, s", time.monotonic() - entered)
    await started.keep("3-desktop")
    await exact(started)
    started.figure("sign-in to exact desktop, s", time.monotonic() - entered)
    await started.keep("4-desktop-exact")

    before = await vm.screen()
    pressed = time.monotonic()
    await vm.key("k")
    started.figure("key to picture at the desktop, s", await changed(started, before) - pressed)
    await vm.type("o 1,234\n")
    await asyncio.sleep(1)
    await exact(started)
    await started.keep("5-typed")


async def until_drawn(kiosk):
    """Wait until edged has drawn: what the kernel's console shows is neither coloured nor so much."""

    async def drawn():
        return np.count_nonzero(await kiosk.machine.screen()) > 1_000_000

    return await until(drawn, "a screen of edged's", every_s=0.05)


async def changed(kiosk, before):
    async def differs():
        return not np.array_equal(await kiosk.machine.screen(), before)

    return await until(differs, "a key changes the picture", patience_s=PATIENCE_S, every_s=0.005)


async def exact(kiosk):
    async def same():
        return np.array_equal(await kiosk.machine.screen(), await asyncio.to_thread(kiosk.native))

    try:
        await until(same, "the monitor shows what the desktop shows", patience_s=PATIENCE_S)
    except TimeoutError:
        shown, native = await kiosk.keep("not-exact"), kiosk.native()
        if shown.shape == native.shape:
            rows, columns = np.nonzero(shown != native)
            where = f"{len(rows)} px in rows {rows.min()}-{rows.max()}, columns {columns.min()}-{columns.max()}"
            raise AssertionError(f"the monitor does not show what the desktop shows: {where}") from None
        raise
