"""Private keys and signing requests."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from edge.errors import TrustError
from edge.trust.keys import PrivateKey, requested_key


def test_key_is_kept_private_and_read_again(tmp_path):
    path = tmp_path / "state" / "device.key"
    made = PrivateKey.load_or_make(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert PrivateKey.load_or_make(path).public_key == made.public_key
    assert [entry.name for entry in path.parent.iterdir()] == ["device.key"]


def test_key_is_refused_when_others_may_read_it(tmp_path):
    path = tmp_path / "device.key"
    PrivateKey.load_or_make(path)
    path.chmod(0o644)
    with pytest.raises(TrustError, match=r"mode 0644.*chmod 600"):
        PrivateKey.load_or_make(path)


def test_key_is_refused_when_it_is_of_another_kind(tmp_path):
    for other in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())):
        pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with pytest.raises(TrustError, match="another kind of key"):
            PrivateKey.from_pem(pem, "device.key")
    with pytest.raises(TrustError, match="not a private key"):
        PrivateKey.from_pem(b"garbage", "device.key")


def test_request_proves_that_its_sender_holds_the_key():
    key = PrivateKey.make()
    assert requested_key(key.signing_request("desk-1")) == key.public_key


@pytest.mark.parametrize("at", [30, 150, 300])
def test_request_is_refused_when_a_byte_of_it_changed(at):
    request = PrivateKey.make().signing_request("desk-1")
    changed = "A" if request[at] != "A" else "B"
    with pytest.raises(TrustError):
        requested_key(request[:at] + changed + request[at + 1 :])
