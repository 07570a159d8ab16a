import numpy as np
import pytest

from edge.errors import Unsupported
from edge.geometry import Rect, Size
from edge.rfb import (
    AudioBegun,
    AudioFormat,
    AudioReceived,
    DesktopResized,
    DisableAudio,
    EnableAudio,
    EncodingNumber,
    ExtensionAnnounced,
    KeyEvent,
    Led,
    LedStateChanged,
    PointerEvent,
    PointerModeChanged,
    PointerMotion,
    ResizeReason,
    ResizeStatus,
    SampleFormat,
    Screen,
    SetDesktopSize,
)
from tests.rfb.drive import open_settings
from tests.rfb.viewer import viewer
from tests.servers import qemu

BOOTED = Size(720, 400)
CAPS_LOCK = 0x3A
# Sound 1 kHz on the speaker; then, for ever: wait for an interrupt, ask for a key, write it on the screen.
BOOT_SECTOR = bytes.fromhex(
    "b0b6e643 b0a9e642 b004e642 e4610c03e661 f4 b401cd16 74f9 b400cd16 b40ebb0700cd10 ebec"
).ljust(510, b"\0") + (b"\x55\xaa")


@pytest.fixture
def disk(tmp_path):
    path = tmp_path / "boot"
    path.write_bytes(BOOT_SECTOR)
    return path


async def test_all_that_qemu_announces(disk):
    with qemu(disk) as port:
        async with viewer(port, open_settings()) as found:
            await found.refresh()
            announced = {event.encoding for event in found.events if isinstance(event, ExtensionAnnounced)}
            assert announced == {
                EncodingNumber.QEMU_AUDIO,
                EncodingNumber.QEMU_EXTENDED_KEY_EVENT,
                EncodingNumber.EXTENDED_CLIPBOARD,
            }
            assert announced < found.connection.announced


async def test_sound_of_the_speaker_is_pcm(disk):
    with qemu(disk) as port:
        async with viewer(port, open_settings()) as found:
            await found.refresh()
            wanted = AudioFormat(SampleFormat.S16, 1, 8000)
            await found.send(EnableAudio(wanted))
            loud = await found.find(AudioReceived, lambda event: any(event.pcm))
            assert loud.format == wanted
            assert any(event == AudioBegun(wanted) for event in found.events)
            samples = np.concatenate(
                [np.frombuffer(e.pcm, "<i2") for e in found.events if isinstance(e, AudioReceived)]
            )
            samples = samples[np.flatnonzero(samples)[0] :]
            print(len(samples), samples[:64])
            turns = np.count_nonzero(np.diff(np.signbit(samples)))
            # A wave of 1 kHz crosses zero twice in 8 samples.
            assert turns == pytest.approx(len(samples) / 4, rel=0.1)


async def test_sound_changes_its_format_between_disable_and_enable(disk):
    with qemu(disk) as port:
        async with viewer(port, open_settings()) as found:
            await found.refresh()
            await found.send(EnableAudio())
            await found.find(AudioReceived)
            other = AudioFormat(SampleFormat.U8, 2, 11025)
            await found.send(DisableAudio(), EnableAudio(other))
            changed = await found.find(AudioReceived, lambda event: event.format == other)
            assert len(changed.pcm) % other.frame_bytes == 0


async def test_key_without_keysym_is_a_scancode(disk):
    with qemu(disk) as port:
        async with viewer(port, open_settings()) as found:
            await found.find(DesktopResized, lambda event: event.size == BOOTED)
            await found.send(EnableAudio())
            await found.find(AudioReceived, lambda event: any(event.pcm))  # until then the BIOS has the keyboard
            await found.send(KeyEvent(0, True, CAPS_LOCK), KeyEvent(0, False, CAPS_LOCK))
            await found.find(LedStateChanged, lambda event: event == LedStateChanged(Led.CAPS_LOCK))


async def test_mouse_of_a_pc_takes_motion(disk):
    with qemu(disk) as port:
        async with viewer(port, open_settings()) as found:
            await found.refresh()
            assert PointerModeChanged(absolute=False) in found.events
            with pytest.raises(Unsupported, match="PointerMotion"):
                await found.send(PointerEvent(5, 5, 0))
            await found.send(PointerMotion(5, -5, 1), PointerMotion(0, 0, 0))
            await found.refresh()


@pytest.mark.parametrize(
    ("device", "status"), [("virtio-vga", ResizeStatus.FORWARDED), ("cirrus-vga", ResizeStatus.INVALID_LAYOUT)]
)
async def test_desktop_size_that_is_asked_for_is_answered(disk, device, status):
    with qemu(disk, "-device", device) as port:
        async with viewer(port, open_settings()) as found:
            await found.refresh()
            await found.send(SetDesktopSize(Size(1024, 768), (Screen(0, Rect(0, 0, 1024, 768)),)))
            answer = await found.find(DesktopResized, lambda event: event.reason is ResizeReason.THIS_CLIENT)
            # The BIOS goes from one mode to another meanwhile.
            before = [
                event for event in found.events[: found.events.index(answer)] if isinstance(event, DesktopResized)
            ]
            assert (answer.status, answer.size) == (status, before[-1].size)
