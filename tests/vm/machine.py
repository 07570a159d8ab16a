"""A virtual machine with a monitor, a keyboard and a tablet: QEMU, its QMP, and the agent in the guest."""

import asyncio
import base64
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np

from edge.pixels import Picture
from tests.servers import require
from tests.vm.image import Image

HOST = "10.0.2.2"
"""Where the guest reaches this machine's loopback, by QEMU's user network."""
PATIENCE_S = 120.0
# What else the kernel reads the time from is a device here, which costs a thousand times as much.
CLOCK = "tsc=reliable clocksource=tsc"
LONGEST_LINE = 64 << 20

_SHIFTED = dict(zip('!@#$%^&*()_+{}|:"<>?~', "1234567890-=[]\\;',./`", strict=True))
_QCODES = {
    " ": "spc", "-": "minus", "=": "equal", "[": "bracket_left", "]": "bracket_right", ";": "semicolon",
    "'": "apostrophe", ",": "comma", ".": "dot", "/": "slash", "\\": "backslash", "`": "grave_accent",
    "\t": "tab", "\n": "ret",
}  # fmt: skip


class Channel:
    """One JSON object a line, over a socket that QEMU listens on; what is asked is answered in order."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._busy = asyncio.Lock()
        self.events: list[dict[str, Any]] = []

    @classmethod
    async def open(cls, path: Path) -> Self:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return cls(*await asyncio.open_unix_connection(path, limit=LONGEST_LINE))
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.05)

    async def ask(self, command: str, arguments: Mapping[str, object] | None = None) -> Any:
        """Give an order and return its answer; raises `RuntimeError` with QEMU's reason."""
        # Whoever gives up waiting must not leave the answer to the next who asks.
        return await asyncio.shield(self._ask(command, arguments))

    async def _ask(self, command: str, arguments: Mapping[str, object] | None) -> Any:
        async with self._busy:
            self.tell(command, arguments)
            while True:
                said = json.loads(await self._reader.readline() or b'{"error": {"desc": "QEMU has gone"}}')
                if "error" in said:
                    raise RuntimeError(f"{command}: {said['error']['desc']}")
                if "return" in said:
                    return said["return"]
                self.events.append(said)

    def tell(self, command: str, arguments: Mapping[str, object] | None = None) -> None:
        self._writer.write(json.dumps({"execute": command, "arguments": arguments or {}}).encode() + b"\n")

    async def close(self) -> None:
        self._writer.close()


class Machine:
    """The running machine; `started` is the host's monotonic clock when it was switched on."""

    def __init__(self, folder: Path, qmp: Channel, agent: Channel, started: float) -> None:
        self._folder, self._qmp, self._agent = folder, qmp, agent
        self._numbers = itertools.count()
        self.started = started

    async def qmp(self, command: str, **arguments: object) -> Any:
        """Ask QEMU; underscores of argument names stand for hyphens."""
        return await self._qmp.ask(command, {name.replace("_", "-"): value for name, value in arguments.items()})

    async def screen(self) -> Picture:
        """Return what the monitor shows, uint32 (height, width) of 0x00RRGGBB; black of one pixel while it is off."""
        file = self._folder / f"screen-{next(self._numbers)}.ppm"
        await self.qmp("screendump", filename=str(file))
        try:
            return _ppm(file.read_bytes())
        finally:
            file.unlink()

    async def key(self, *qcodes: str) -> None:
        """Press keys together and let go of them, by QEMU's names for them ("ctrl", "alt", "ret")."""
        await self._keys(qcodes, down=True)
        await self._keys(reversed(qcodes), down=False)

    async def _keys(self, qcodes: Any, *, down: bool) -> None:
        keys = [{"down": down, "key": {"type": "qcode", "data": qcode}} for qcode in qcodes]
        await self.qmp("input-send-event", events=[{"type": "key", "data": key} for key in keys])

    async def type(self, text: str) -> None:
        """Type `text` on a US keyboard."""
        for character in text:
            plain = _SHIFTED.get(character, character)
            qcode = _QCODES.get(plain, plain.lower())
            await self.key(*(["shift"] if plain != character or character.isupper() else []), qcode)
            await asyncio.sleep(0.02)

    async def point(self, x: float, y: float) -> None:
        """Put the tablet's pen at (x, y), each from 0 to 1."""
        axes = [{"axis": axis, "value": int(at * 0x7FFF)} for axis, at in (("x", x), ("y", y))]
        await self.qmp("input-send-event", events=[{"type": "abs", "data": each} for each in axes])

    async def run(self, *command: str, data: bytes = b"", patience_s: float = PATIENCE_S) -> str:
        """Run a program in the guest as root and return what it wrote; raises `RuntimeError` if it failed."""
        status, out = await self.attempt(*command, data=data, patience_s=patience_s)
        if status:
            raise RuntimeError(f"{' '.join(command)} in the guest: status {status}: {out}")
        return out

    async def changes(self, before: Picture, patience_s: float = PATIENCE_S) -> float:
        """Wait until the screen is another than `before`; return the host's monotonic clock then."""

        async def differs() -> bool:
            return not np.array_equal(await self.screen(), before)

        return await until(differs, "the picture changes", patience_s=patience_s, every_s=0.005)

    async def attempt(self, *command: str, data: bytes = b"", patience_s: float = PATIENCE_S) -> tuple[int, str]:
        """Do so and return its status and what it wrote."""
        arguments = {"path": command[0], "arg": command[1:], "capture-output": True}
        if data:
            arguments["input-data"] = base64.b64encode(data).decode()
        async with asyncio.timeout(patience_s):
            pid = (await self._agent.ask("guest-exec", arguments))["pid"]
            while not (ended := await self._agent.ask("guest-exec-status", {"pid": pid}))["exited"]:  # noqa: ASYNC110 - QEMU does not tell
                await asyncio.sleep(0.1)
        said = b"".join(base64.b64decode(ended.get(name, "")) for name in ("out-data", "err-data"))
        return ended.get("exitcode", -ended.get("signal", 1)), said.decode(errors="replace")

    async def shell(self, line: str, **options: Any) -> str:
        """Run a line of shell in the guest as root and return what it wrote."""
        return await self.run("/bin/sh", "-c", line, **options)

    async def said(self, text: str, since: str = "-1hour") -> bool:
        """Whether edged's journal has a line with `text`."""
        return text in await self.shell(f"journalctl -q -o cat -u edged --since={since}")

    async def agent_answers(self) -> None:
        """Wait until the guest is up so far that its agent answers."""
        # What is asked before it runs waits in the channel until it does.
        async with asyncio.timeout(PATIENCE_S):
            await self._agent.ask("guest-ping")


@asynccontextmanager
async def machine(
    image: Image, folder: Path, files: Mapping[str, str | bytes], *, memory_mib: int = 1024, extra: Sequence[str] = ()
) -> AsyncIterator[Machine]:
    """Boot `image`, leaving it as it is; `files` (by path) are in it before any service starts. Ends with the block.

    It has one processor: where this machine is busy, two that are emulated mostly wait for each other. The files come
    as systemd's credential tmpfiles.extra through QEMU's fw_cfg.
    """
    credential = folder / "tmpfiles.extra"
    credential.write_text("".join(_tmpfile(path, content) for path, content in files.items()))
    qmp, agent = folder / "qmp.sock", folder / "agent.sock"
    command = [
        require("qemu-system-x86_64", "qemu-system-x86"), "-nodefaults", "-no-user-config", "-display", "none",
        "-accel", "tcg,thread=multi", "-machine", "q35", "-cpu", "max", "-m", str(memory_mib),
        "-kernel", image.kernel, "-initrd", image.initrd,
        "-append", f"root=/dev/vda rw quiet console=ttyS0 systemd.show_status=0 {CLOCK}",
        "-drive", f"file={image.disk},if=virtio,format=raw,snapshot=on",
        "-device", "virtio-gpu-pci,id=gpu,xres=1920,yres=1080,edid=on",
        # In ports of their own, so that they can be pulled out.
        *(part for slot, device in enumerate(("keyboard", "tablet"), 1)
          for part in ("-device", f"pcie-root-port,id=port-{device},chassis={slot},slot={slot}",
                       "-device", f"virtio-{device}-pci,id={device},bus=port-{device}")),
        "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net", "-device", "virtio-rng-pci",
        "-fw_cfg", f"name=opt/io.systemd.credentials/tmpfiles.extra,file={credential}",
        "-chardev", f"socket,id=agent,path={agent},server=on,wait=off", "-device", "virtio-serial-pci",
        "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
        "-qmp", f"unix:{qmp},server=on,wait=off", "-serial", f"file:{folder / 'serial.log'}", *extra,
    ]  # fmt: skip
    started = time.monotonic()
    with (folder / "qemu.log").open("wb") as log:
        nice = require("nice", "coreutils")
        process = await asyncio.create_subprocess_exec(nice, "-n", "10", *map(str, command), stdout=log, stderr=log)
    try:
        channels = await Channel.open(qmp), await Channel.open(agent)
        await channels[0].ask("qmp_capabilities")
        yield Machine(folder, *channels, started)
        for channel in channels:
            await channel.close()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until(true: Callable[[], Any], what: str, *, patience_s: float = PATIENCE_S, every_s: float = 0.2) -> float:
    """Ask `true`, an async function, until it says yes; return the host's monotonic clock then."""
    deadline = time.monotonic() + patience_s
    while not await true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {patience_s:.0f} s: {what}")
        await asyncio.sleep(every_s)
    return time.monotonic()


def _tmpfile(path: str, content: str | bytes) -> str:
    data = content.encode() if isinstance(content, str) else content
    return f"f+~ {path} 0640 edged edged - {base64.b64encode(data).decode()}\n"


def _ppm(data: bytes) -> Picture:
    kind, width, height, _most = data.split(maxsplit=4)[:4]
    assert kind == b"P6"
    size = int(width) * int(height) * 3
    rgb = np.frombuffer(data[-size:], dtype=np.uint8).reshape(int(height), int(width), 3).astype(np.uint32)
    return rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]
