"""Enrolment over real HTTPS."""

import asyncio
import time
from contextlib import asynccontextmanager

import msgspec
import pytest

from edge.broker.administration import Administration, initialise
from edge.broker.database import Database
from edge.broker.enrolment_server import EnrolmentServer
from edge.broker.installation import configuration
from edge.broker.paths import DataDirectory
from edge.broker.sealing import MasterKey
from edge.broker.tables import devices
from edge.errors import TrustError
from edge.trust.enrolment import EnrolmentFile, enrol, read_enrolment_file
from edge.trust.identity import DeviceState
from edge.trust.tls import client_context


class Office:
    """An enrolment server, its data directory, and a folder for boards."""

    def __init__(self, directory):
        self.directory = directory
        self.config = configuration(directory / "broker")
        self.authority = initialise(self.config, "test")
        paths = DataDirectory(self.config.data_dir)
        self.database = Database.open(paths.database)
        self.server = EnrolmentServer(self.config, self.authority, self.database, MasterKey.load(paths.master_key))

    def admin(self, what):
        with Administration.open(self.config, "test") as opened:
            return what(opened)

    def expect(self, name):
        path = self.directory / f"{name}.json"
        self.admin(lambda opened: opened.add_device(name, path))
        return path

    def board(self, name):
        return DeviceState(self.directory / name)

    def acts(self):
        return [line.act for line in self.admin(Administration.read_audit)]


@asynccontextmanager
async def serving(directory):
    office = Office(directory)
    try:
        async with office.server.serving():
            yield office
    finally:
        office.database.close()


async def test_device_gets_its_certificate_and_the_token_is_gone(tmp_path):
    async with serving(tmp_path) as office:
        file = office.expect("desk-1")
        assert file.stat().st_mode & 0o777 == 0o600
        identity = await enrol(file, office.board("one"))
        assert not file.exists()
        assert office.board("one").identity() == identity
        assert (identity.device, identity.bus_port) == ("desk-1", office.config.bus.port)
        assert office.admin(lambda opened: opened.show_device("desk-1")).state == "enrolled"
        assert "device.enrol" in office.acts()
        office.board("one").bus_context(identity)


async def test_second_board_is_refused_when_the_token_was_used(tmp_path):
    async with serving(tmp_path) as office:
        file = office.expect("desk-1")
        copy = file.read_bytes()
        await enrol(file, office.board("one"))
        file.write_bytes(copy)
        with pytest.raises(
            TrustError, match=r"refused: the token is wrong, was used or has expired.*edgectl device add"
        ):
            await enrol(file, office.board("two"))
        assert office.board("two").identity() is None
        assert file.exists()
        assert "device.enrol-refuse" in office.acts()


async def test_same_board_may_come_again_when_the_answer_was_lost(tmp_path):
    async with serving(tmp_path) as office:
        file = office.expect("desk-1")
        copy = file.read_bytes()
        await enrol(file, office.board("one"))
        file.write_bytes(copy)
        assert (await enrol(file, office.board("one"))).device == "desk-1"


async def test_one_board_gets_in_when_many_come_at_once_with_one_token(tmp_path):
    async with serving(tmp_path) as office:
        content = office.expect("desk-1").read_bytes()
        files = [tmp_path / f"copy-{number}.json" for number in range(4)]
        for file in files:
            file.write_bytes(content)
        boards = [enrol(file, office.board(file.stem)) for file in files]
        results = await asyncio.gather(*boards, return_exceptions=True)
        assert sorted(isinstance(result, TrustError) for result in results) == [False, True, True, True]


async def test_refused_when_the_token_is_wrong_expired_or_revoked(tmp_path):
    async with serving(tmp_path) as office:
        for number, spoil in enumerate(("token", "time", "revoke")):
            file = office.expect(f"desk-{number}")
            if spoil == "token":
                wrong = msgspec.structs.replace(read_enrolment_file(file), token="a" * 32)
                file.write_bytes(msgspec.json.encode(wrong))
            elif spoil == "time":
                with office.database.transaction() as connection:
                    connection.execute(devices.update().values(token_expires_at=time.time() - 1))
            else:
                office.admin(lambda opened: opened.revoke_device("desk-2"))
            with pytest.raises(TrustError, match="the token is wrong, was used or has expired"):
                await enrol(file, office.board(spoil))


async def test_board_refuses_and_keeps_its_token_when_the_broker_is_another(tmp_path):
    async with serving(tmp_path / "ours") as ours, serving(tmp_path / "theirs") as theirs:
        file = ours.expect("desk-1")
        elsewhere = msgspec.structs.replace(read_enrolment_file(file), port=theirs.config.enrolment.port)
        file.write_bytes(msgspec.json.encode(elsewhere))
        with pytest.raises(TrustError, match=r"not trusted: .*another installation"):
            await enrol(file, ours.board("one"))
        assert "device.enrol-refuse" not in theirs.acts()


async def test_board_says_so_when_nobody_listens(tmp_path):
    office = Office(tmp_path)
    office.database.close()
    with pytest.raises(TrustError, match="Connection refused"):
        await enrol(office.expect("desk-1"), office.board("one"))


async def test_requests_are_limited_and_nonsense_is_refused(tmp_path):
    async with serving(tmp_path) as office:
        file = read_enrolment_file(office.expect("desk-1"))
        statuses = [await post(file, body) for body in (b"", b"{}", b"[" * 3000, b"x" * 100_000, VALID_BUT_NO_REQUEST)]
        assert statuses == [400, 400, 400, 413, 400]
        assert [await post(file, b"") for _ in range(30)][-1] == 429


VALID_BUT_NO_REQUEST = b'{"token": "abc", "request_pem": "nothing"}'


async def post(file: EnrolmentFile, body: bytes) -> int:
    """Send a body as it is; returns the status."""
    reader, writer = await asyncio.open_connection(file.host, file.port, ssl=client_context(file.ca_pem))
    try:
        head = f"POST /v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        return int((await reader.readline()).split()[1])
    finally:
        writer.transport.abort()
