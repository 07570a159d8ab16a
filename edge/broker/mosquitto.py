"""Mosquitto's configuration and access list. Pure.

Source: mosquitto.conf(5), version 2.0.
"""

from dataclasses import dataclass
from pathlib import Path

from edge.control.client import MAX_PACKET_BYTES
from edge.control.topics import BROKER, ROOT

# What a device may do, with its own name for %u. A subscription that is denied is silently granted, and stays empty.
ACCESS = f"""\
user {BROKER}
topic readwrite {ROOT}/#

pattern write {ROOT}/devices/%u/status
pattern write {ROOT}/devices/%u/telemetry
pattern write {ROOT}/devices/%u/reported
pattern read {ROOT}/devices/%u/desired
pattern read {ROOT}/devices/%u/jobs
pattern read {ROOT}/devices/%u/replies
pattern write {ROOT}/sign-in/%u
pattern write {ROOT}/renewal/%u
pattern write {ROOT}/ticket/%u
pattern write {ROOT}/sign-out/%u
"""


@dataclass(frozen=True, slots=True)
class BusFiles:
    """The files of the bus in their directory."""

    directory: Path

    @property
    def config(self) -> Path:
        """Mosquitto's configuration."""
        return self.directory / "mosquitto.conf"

    @property
    def access(self) -> Path:
        """Who may do what."""
        return self.directory / "access"

    @property
    def ca(self) -> Path:
        """The CA that signed the devices' certificates."""
        return self.directory / "ca.pem"

    @property
    def certificate(self) -> Path:
        """The bus's own certificate."""
        return self.directory / "server.pem"

    @property
    def key(self) -> Path:
        """The key of that certificate."""
        return self.directory / "server.key"

    @property
    def crl(self) -> Path:
        """The certificates that are no longer good."""
        return self.directory / "crl.pem"

    @property
    def log(self) -> Path:
        """What Mosquitto says."""
        return self.directory / "mosquitto.log"

    @property
    def process(self) -> Path:
        """Which Mosquitto was started, for a broker that was started again."""
        return self.directory / "process.json"


def render(files: BusFiles, listen: str, port: int, user: str) -> str:
    """Write the configuration: mutual TLS only, each client named by its certificate, limits on everything.

    Without use_username_as_clientid one device could take another's session.
    """
    return f"""\
per_listener_settings false
user {user}
allow_anonymous false
acl_file {files.access}

listener {port} {listen}
protocol mqtt
cafile {files.ca}
certfile {files.certificate}
keyfile {files.key}
crlfile {files.crl}
tls_version tlsv1.2
require_certificate true
use_identity_as_username true
use_username_as_clientid true
set_tcp_nodelay true

max_packet_size {MAX_PACKET_BYTES}
max_inflight_messages 20
max_queued_messages 100
max_queued_bytes 1048576
max_keepalive 120
persistent_client_expiration 1d

persistence true
persistence_location {files.directory}/
autosave_interval 60

log_dest stderr
log_type error
log_type warning
log_type notice
log_timestamp_format %Y-%m-%dT%H:%M:%S
"""
