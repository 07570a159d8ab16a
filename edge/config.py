"""The configuration files: TOML, read into frozen structs; what is not known is refused, and the error says where."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

import msgspec

from edge.errors import ConfigError

MAX_CONFIG_BYTES = 256 * 1024  # a hundred times what a full file takes; a wrong path must not be read into memory

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Extent = Annotated[int, msgspec.Meta(ge=0, le=16384)]
Level = Annotated[int, msgspec.Meta(ge=0, le=9)]
Positive = Annotated[int, msgspec.Meta(ge=1)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of a configuration file."""


class DisplayConfig(Section, frozen=True):
    """What the device draws on, and the language of its own screens.

    A width or height of 0 is the desktop's, or with `kms` what the monitor prefers. `card` and `connector` choose among
    several ("/dev/dri/card1", "HDMI-A-2"); empty, the first that a monitor is plugged into. With `kms` the monitor is
    switched off when nobody has touched anything for `sleep_after_s`; 0: never.
    """

    kind: Literal["kms", "window", "headless"] = "window"
    width: Extent = 0
    height: Extent = 0
    language: Literal["ko", "en"] = "ko"
    card: str = ""
    connector: str = ""
    sleep_after_s: Annotated[float, msgspec.Meta(ge=0)] = 600.0


class KeyboardConfig(Section, frozen=True):
    """XKB's names for the keyboards at a board: layouts ("kr", or several: "us,de"), variants and options."""

    layout: str = "kr"
    variant: str = ""
    options: str = ""
    locale: str = "ko_KR.UTF-8"


class RestoreConfig(Section, frozen=True):
    """How the low-resolution picture becomes a full one; `model` of "" is the one that is shipped.

    "auto" takes the NPU where there is one ("rknn"; its `model` is a folder), then the processor ("onnx"; a file).
    """

    scale: Literal[1, 2, 4] = 4
    backend: Literal["auto", "rknn", "onnx", "classical"] = "auto"
    model: str = ""


class SharpenConfig(Section, frozen=True):
    """What is fetched at full size once it stands still, in at most so many kbit/s; 0: what the link has left."""

    policy: Literal["off", "text", "reading", "all"] = "text"
    cap_kbit: Annotated[int, msgspec.Meta(ge=0)] = 0


class LinkConfig(Section, frozen=True):
    """How a desktop that is shown at full size is fitted to its link; levels are those of RFB, 0 to 9.

    `quality` "auto" lets pictures be sent in JPEG while more moves than the link carries, and has them come as they are
    once nothing moves; "lossless" never does. `update_ms` is how long an update may take the link while something
    moves: so long waits the echo of a key behind it.
    """

    quality: Literal["auto", "lossless"] = "auto"
    least_quality: Level = 3
    most_quality: Level = 8
    least_compression: Level = 1
    most_compression: Level = 6
    update_ms: Annotated[float, msgspec.Meta(ge=10, le=2000)] = 100.0


class DeviceSignInConfig(Section, frozen=True):
    """`user` is typed in advance at the sign-in screen; the broker has `timeout_s` to open a desktop.

    With `remember_name`, who was there last finds their name typed in.
    """

    user: str = ""
    remember_name: bool = False
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=600)] = 60.0


class SessionConfig(Section, frozen=True):
    """What happens to a session that nobody touches, in minutes, 0 for never.

    It is locked after `lock_minutes`, and ends after `sign_out_minutes` more. `clipboard` says whether text that a user
    has cut goes along from one of their desktops to the next.
    """

    lock_minutes: Annotated[float, msgspec.Meta(ge=0, le=24 * 60)] = 10
    sign_out_minutes: Annotated[float, msgspec.Meta(ge=0, le=24 * 60)] = 60
    clipboard: Literal["off", "between-desktops"] = "off"


class EdgedConfig(Section, frozen=True):
    """The file of `edged`: /etc/edged.toml.

    The broker's address is not in it: enrolment writes it into `state_dir`, beside the device's key. While
    `update_file` is there, nobody can sign in; a number in it is how far the update is, in percent.
    """

    state_dir: Path = Path("/var/lib/edged")
    enrolment_file: Path = Path("/etc/edged/enrolment.json")
    update_file: Path = Path("/run/edged-update/progress")
    display: DisplayConfig = DisplayConfig()
    keyboard: KeyboardConfig = KeyboardConfig()
    restore: RestoreConfig = RestoreConfig()
    sharpen: SharpenConfig = SharpenConfig()
    link: LinkConfig = LinkConfig()
    sign_in: DeviceSignInConfig = DeviceSignInConfig()
    session: SessionConfig = SessionConfig()


class BusConfig(Section, frozen=True):
    """The message bus; `host` is the name or address by which devices reach it, `start` runs Mosquitto as a child."""

    host: str = "127.0.0.1"
    listen: str = "127.0.0.1"
    port: Port = 8883
    start: bool = True
    program: str = "mosquitto"

    @property
    def near_host(self) -> str:
        """By which address the broker itself reaches it."""
        return _near(self.listen) if self.start else self.host


class EnrolmentConfig(Section, frozen=True):
    """The HTTPS service where a new device turns its token into a certificate."""

    host: str = "127.0.0.1"
    listen: str = "127.0.0.1"
    port: Port = 8443
    token_hours: Positive = 24


class CertificatesConfig(Section, frozen=True):
    """How long what the broker signs is good for."""

    device_days: Positive = 7
    server_days: Positive = 30
    ticket_minutes: Positive = 5
    crl_days: Positive = 30


class DesktopsConfig(Section, frozen=True):
    """Desktops of the `local` provider; an empty `program` is Chromium on `start_page`."""

    provider: Literal["local"] = "local"
    host: str = "127.0.0.1"
    listen: str = "127.0.0.1"
    width: Annotated[int, msgspec.Meta(ge=64, le=16384)] = 1920
    height: Annotated[int, msgspec.Meta(ge=64, le=16384)] = 1080
    start_page: str = "about:blank"
    program: tuple[str, ...] = ()
    window_manager: tuple[str, ...] = ("openbox",)
    start_timeout_s: Annotated[float, msgspec.Meta(gt=0, le=600)] = 30.0

    @property
    def near_host(self) -> str:
        """By which address the broker itself reaches them."""
        return _near(self.listen)


class SignInConfig(Section, frozen=True):
    """`issuer` stands above the code in the user's authenticator; a session ends `session_hours` after its code."""

    issuer: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern="^[^:]*$")] = "edge"
    session_hours: Positive = 12


class BrokerConfig(Section, frozen=True):
    """The file of the broker: /etc/edge/broker.toml. A relative `data_dir` is beside the file."""

    data_dir: Path = Path("/var/lib/edge-broker")
    bus: BusConfig = BusConfig()
    enrolment: EnrolmentConfig = EnrolmentConfig()
    certificates: CertificatesConfig = CertificatesConfig()
    desktops: DesktopsConfig = DesktopsConfig()
    sign_in: SignInConfig = SignInConfig()


Config = TypeVar("Config", bound=Section)


def load(path: Path, kind: type[Config]) -> Config:
    """Read the TOML file at `path` as a `kind`; raises `ConfigError` that names file, line and what is allowed."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CONFIG_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > MAX_CONFIG_BYTES:
        raise ConfigError(f"{path}: longer than {MAX_CONFIG_BYTES} bytes; is it a configuration file?")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start}: not UTF-8, which TOML must be") from error
    return parse(text, kind, str(path))


def parse(text: str, kind: type[Config], source: str) -> Config:
    """Read TOML as a `kind`; `source` is its name in errors. Raises `ConfigError`."""
    try:
        return msgspec.toml.decode(text, type=kind, dec_hook=_from_toml)
    except msgspec.ValidationError as error:
        raise ConfigError(_explain(str(error), text, kind, source)) from error
    except msgspec.DecodeError as error:
        raise ConfigError(f"{source}: not TOML: {error}") from error


def _near(listen: str) -> str:
    return "127.0.0.1" if listen in {"", "0.0.0.0", "::"} else listen  # noqa: S104  compared, not bound


def _from_toml(kind: type[Any], value: object) -> Any:  # noqa: ANN401  the signature that msgspec asks for
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise ValueError(f"Expected `str`, got `{type(value).__name__}`")


def _explain(message: str, text: str, kind: type[Section], source: str) -> str:
    """Turn msgspec's "what - at `$.table.key`" into "file:line: what, and what is allowed"."""
    what, _, where = message.partition(" - at `$")
    steps = [step for step in where.rstrip("`").split(".") if step]
    if unknown := re.search(r"unknown field `(.+)`", what):
        allowed = ", ".join(field.encode_name for field in msgspec.structs.fields(_section(kind, steps)))
        table = f"table [{'.'.join(steps)}]" if steps else "top level"
        what = f"unknown key {unknown[1]!r}; allowed at the {table}: {allowed}"
        steps.append(unknown[1])
    elif steps:
        keys = [re.sub(r"\[.*", "", step) for step in steps]
        fields = {field.encode_name: field for field in msgspec.structs.fields(_section(kind, keys[:-1]))}
        if "enum value" in what and keys[-1] in fields:
            what += f"; allowed: {', '.join(map(str, get_args(fields[keys[-1]].type)))}"
        what = f"{'.'.join(keys)}: {what[:1].lower()}{what[1:]}"
    line = _line_of(text, [re.sub(r"\[.*", "", step) for step in steps])
    return f"{source}:{line}: {what}" if line else f"{source}: {what}"


def _section(kind: type[Section], steps: list[str]) -> type[Section]:
    for step in steps:
        fields = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
        kind = fields[step]
    return kind


def _line_of(text: str, steps: list[str]) -> int | None:
    """Find the line (from 1) where the key at `steps` is set, in any of TOML's spellings; None if it is not found."""
    table: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+([^\]]+)\]", line):
            table = _key(header[1])
            if table == steps:
                return number
        elif (pair := re.match(r"\s*([^=#]+?)\s*=", line)) and steps[: len(path := table + _key(pair[1]))] == path:
            return number
    return None


def _key(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]
