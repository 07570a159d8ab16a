"""From power-on to an exact desktop, by the keys of a keyboard and the pixels of a monitor alone."""

import asyncio
import time

import pytest

# The first test of all may have to make the image.
pytestmark = pytest.mark.timeout(1800)

PATIENCE_S = 240


async def test_user_signs_in_by_keyboard_and_sees_the_very_desktop(started):
    vm = started.machine
    await vm.agent_answers()
    at = await started.reached("greeter")
    started.figure("power-on to sign-in screen, s", max(at, await started.drawn()) - vm.started)
    await started.keep("1-sign-in")

    before = await vm.screen()
    pressed = time.monotonic()
    await vm.key("k")
    started.figure("key to picture at the sign-in screen, s", await vm.changes(before, PATIENCE_S) - pressed)
    await vm.key("backspace")
    await vm.type("kim\t")
    await started.keep("2-name-typed")
    await vm.type(f"{await started.installed.fresh_code()}")
    entered = time.monotonic()
    await vm.key("ret")
    await started.reached("desktop", patience_s=PATIENCE_S)
    started.figure("sign-in to desktop, s", time.monotonic() - entered)
    await started.keep("3-desktop")
    await started.exact()
    started.figure("sign-in to exact desktop, s", time.monotonic() - entered)
    await started.keep("4-desktop-exact")

    before = await vm.screen()
    pressed = time.monotonic()
    await vm.key("k")
    started.figure("key to picture at the desktop, s", await vm.changes(before, PATIENCE_S) - pressed)
    await vm.type("o 1,234\n")
    await asyncio.sleep(1)
    await started.exact()
    await started.keep("5-typed")
