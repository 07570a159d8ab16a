"""The state directory of a device."""

import pytest

from edge.errors import TrustError
from edge.trust.enrolment import enrol, read_enrolment_file
from edge.trust.identity import DeviceState, Identity


def test_identity_is_none_before_enrolment_and_the_same_after_a_restart(tmp_path):
    assert DeviceState(tmp_path).identity() is None
    identity = Identity(device="desk-1", certificate_pem="c", ca_pem="a", bus_host="h", bus_port=1)
    DeviceState(tmp_path).save(identity)
    assert DeviceState(tmp_path).identity() == identity
    assert (tmp_path / "identity.json").stat().st_mode & 0o777 == 0o600


def test_identity_says_what_to_do_when_its_file_is_damaged(tmp_path):
    (tmp_path / "identity.json").write_text("{")
    (tmp_path / "identity.json").chmod(0o600)
    with pytest.raises(TrustError, match="delete it and enrol the device again"):
        DeviceState(tmp_path).identity()


def test_boots_are_counted_and_survive_a_damaged_count(tmp_path):
    state = DeviceState(tmp_path)
    assert [state.next_boot(), state.next_boot()] == [1, 2]
    (tmp_path / "boot-sequence").write_bytes(b"x")
    assert state.next_boot() == 1


def test_write_says_where_when_the_directory_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(TrustError, match="cannot be written"):
        DeviceState(tmp_path / "file").next_boot()


@pytest.mark.parametrize("content", [b"", b"{}", b'{"device": 1}', b"\xff\xff", b"[" * 100_000])
async def test_enrolment_says_so_when_its_file_is_something_else(tmp_path, content):
    path = tmp_path / "enrolment.json"
    path.write_bytes(content)
    with pytest.raises(TrustError, match="not an enrolment file"):
        read_enrolment_file(path)
    with pytest.raises(TrustError, match="edgectl device add"):
        await enrol(tmp_path / "none.json", DeviceState(tmp_path))
