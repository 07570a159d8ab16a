"""What befalls a kiosk, and that it comes back by itself: how long it took stands in `out/figures.json`."""

import asyncio
import time

import numpy as np
import pytest

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(1800)]

IDENTITY = "sha256sum /var/lib/edged/* | grep -v boot-sequence"
PID = "systemctl show -P MainPID edged"


async def back(desk, what, began, times):
    """Wait for the greeter after edged was started again, with the identity that it had; sign in once more."""
    await desk.reached("greeter", times, patience_s=300)
    desk.figure(f"{what}: back at the sign-in screen, s", await desk.drawn() - began)


async def greeted(desk):
    return int(await desk.machine.shell("journalctl -q -o cat -u edged | grep -c 'edge.session.phases: .*: greeter$'"))


async def test_keyboard_that_is_pulled_out_types_when_it_is_back(desk):
    vm = desk.machine
    await vm.qmp("device_del", id="keyboard")
    await asyncio.sleep(8)
    before = await vm.screen()
    plugged = time.monotonic()
    await vm.qmp("device_add", driver="virtio-keyboard-pci", id="keyboard", bus="port-keyboard")
    while True:
        await vm.key("x")
        try:
            shown = await vm.changes(before, patience_s=1)
        except TimeoutError:
            assert time.monotonic() - plugged < 120
        else:
            break
    desk.figure("keyboard plugged in: its first key is shown, s", shown - plugged)
    await desk.exact()


async def test_monitor_that_is_pulled_out_shows_the_desktop_when_it_is_back(desk):
    vm = desk.machine
    # This is what a driver does when a plug is pulled; the event that it sends too is made here by a rule.
    rule = 'ACTION=="change", SUBSYSTEM=="drm", ENV{SYNTH_UUID}=="?*", ENV{HOTPLUG}="1"'
    await vm.shell(f"mkdir -p /run/udev/rules.d; echo '{rule}' > /run/udev/rules.d/99-plug.rules; udevadm control -R")
    plug = "echo {} > /sys/class/drm/card0-Virtual-1/status; udevadm trigger -c change /sys/class/drm/card0"
    await vm.shell(plug.format("off"))
    await asyncio.sleep(5)
    assert "no monitor is plugged in" in await vm.shell("journalctl -q -o cat -u edged | tail -3")
    plugged = time.monotonic()
    await vm.shell(plug.format("on"))
    await desk.exact()
    desk.figure("monitor plugged in: desktop shown, s", time.monotonic() - plugged)


async def test_clock_that_jumps_a_year_disturbs_nobody(desk):
    vm = desk.machine
    pid = await vm.shell(PID)
    await vm.shell("date -s '+1 year'")
    await vm.key("y")
    await desk.exact()
    await vm.shell("date -s '-1 year'")
    assert await vm.shell(PID) == pid


async def test_network_that_goes_brings_the_desktop_back_when_it_comes(desk):
    vm = desk.machine
    await vm.qmp("set_link", name="net", up=False)
    await desk.reached("lost")
    await desk.keep("6-lost")
    await vm.qmp("set_link", name="net", up=True)
    came = time.monotonic()
    desk.figure("network back: exact desktop, s", await desk.exact() - came)


async def test_console_is_given_back_and_taken_again(desk):
    vm = desk.machine
    shown = await vm.screen()
    await vm.key("ctrl", "alt", "f2")
    await vm.changes(shown)
    assert await vm.shell("cat /sys/class/tty/tty0/active") == "tty2\n"
    await desk.keep("7-other-terminal")
    await vm.shell("chvt 1 || python3 -c 'import fcntl; fcntl.ioctl(open(\"/dev/tty0\"), 0x5606, 1)'")
    await desk.drawn()
    assert np.array_equal(await vm.screen(), shown)


@pytest.mark.parametrize("number", ["SEGV", "STOP"])
async def test_daemon_that_dies_or_hangs_is_started_again(desk, number):
    vm, times = desk.machine, await greeted(desk)
    identity = await vm.shell(IDENTITY)
    began = time.monotonic()
    await vm.shell(f"kill -{number} $({PID})")
    await back(desk, f"SIG{number}", began, times + 1)
    assert await vm.shell(IDENTITY) == identity


async def test_daemon_out_of_memory_is_started_again(desk):
    vm, times = desk.machine, await greeted(desk)
    identity = await vm.shell(IDENTITY)
    began = time.monotonic()
    await vm.shell("systemctl set-property --runtime edged.slice MemoryHigh=infinity MemoryMax=40M")
    await asyncio.sleep(3)
    await vm.shell("systemctl set-property --runtime edged.slice MemoryHigh=400M MemoryMax=512M")
    await back(desk, "out of memory", began, times + 1)
    assert "oom-kill" in await vm.shell("journalctl -q -o cat -u edged")
    assert await vm.shell(IDENTITY) == identity


async def test_full_disk_costs_no_setting(desk):
    vm, times = desk.machine, await greeted(desk)
    identity = await vm.shell(IDENTITY)
    await vm.shell("dd if=/dev/zero of=/full bs=1M 2>/dev/null; dd if=/dev/zero of=/fuller bs=1 2>/dev/null; true")
    await vm.shell("systemctl --no-block restart edged")
    await asyncio.sleep(60)
    assert await vm.shell(IDENTITY) == identity
    began = time.monotonic()
    await vm.shell("rm -f /full /fuller")
    await back(desk, "full disk emptied", began, times + 1)
    assert await vm.shell(IDENTITY) == identity
