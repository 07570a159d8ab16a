"""What a CA issues, judged by OpenSSL in real TLS connections."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from edge.errors import TrustError
from edge.trust.certificates import Authority, Terms, half_life, to_pem
from edge.trust.keys import PrivateKey
from edge.trust.session_key import SessionKey
from edge.trust.tls import client_context, explain, load_chain, server_context

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


def server_for(ca, clients_of, *, lifetime=HOUR, now=NOW, hosts=("localhost", "127.0.0.1")):
    key, context = PrivateKey.make(), server_context()
    certificate = ca.issue_server("server", hosts, key.public_key, Terms(now, lifetime, 5))
    load_chain(context, to_pem(certificate), key)
    context.load_verify_locations(cadata=clients_of.pem)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_for(ca, issuer, *, lifetime=HOUR, now=NOW):
    key = PrivateKey.make()
    return client_context(ca.pem, to_pem(issuer.issue_client("desk-1", key.public_key, Terms(now, lifetime, 7))), key)


async def talk(server, client, name="localhost"):
    """Say hello over TLS; returns what came back."""

    async def greet(reader, writer):
        writer.write(await reader.read(5))
        writer.close()

    listening = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=server)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname=name)
        try:
            writer.write(b"hello")
            return await reader.read(), writer.get_extra_info("ssl_object").version()
        finally:
            writer.transport.abort()


async def is_refused(server, client):
    """Whether the server lets no byte through; its alert may be lost with the connection."""
    try:
        return (await talk(server, client))[0] == b""
    except (ssl.SSLError, ConnectionError):
        return True


@pytest.fixture(scope="module")
def ca():
    return Authority.make("ours", NOW, 1)


@pytest.fixture(scope="module")
def foreign():
    return Authority.make("theirs", NOW, 1)


async def test_both_sides_are_content_when_one_ca_signed_both(ca):
    for name in ("localhost", "127.0.0.1"):
        assert await talk(server_for(ca, ca), client_for(ca, ca), name) == (b"hello", "TLSv1.3")


async def test_tls_1_2_is_spoken_and_1_1_is_not(ca):
    client = client_for(ca, ca)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    assert (await talk(server_for(ca, ca), client))[1] == "TLSv1.2"
    assert client.minimum_version is ssl.TLSVersion.TLSv1_2


async def test_client_refuses_when_another_ca_signed_the_server(ca, foreign):
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        await talk(server_for(foreign, ca), client_for(ca, ca))
    assert "another installation" in explain(caught.value, "the bus")


async def test_client_refuses_when_the_server_has_another_name(ca):
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        await talk(server_for(ca, ca), client_for(ca, ca), "elsewhere.example")
    assert "another name" in explain(caught.value, "the bus")


@pytest.mark.parametrize(("now", "text"), [(NOW - 2 * HOUR, "expired"), (NOW + 26 * HOUR, "not valid yet")])
async def test_client_refuses_and_speaks_of_the_clock_when_the_server_s_time_is_not_now(ca, now, text):
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        await talk(server_for(ca, ca, now=now), client_for(ca, ca))
    assert text in explain(caught.value, "the bus")
    assert "clock" in explain(caught.value, "the bus")


async def test_a_clock_an_hour_behind_does_not_make_a_new_server_untrusted(ca):
    assert (await talk(server_for(ca, ca, now=NOW + HOUR), client_for(ca, ca)))[0] == b"hello"


async def test_server_refuses_when_another_ca_signed_the_client(ca, foreign):
    assert await is_refused(server_for(ca, ca), client_for(ca, foreign))


async def test_server_refuses_when_the_client_s_certificate_has_expired(ca):
    assert await is_refused(server_for(ca, ca), client_for(ca, ca, now=NOW - 2 * HOUR))


async def test_server_refuses_when_a_server_s_certificate_is_shown_as_a_client_s(ca):
    key = PrivateKey.make()
    server_s = ca.issue_server("server", ["localhost"], key.public_key, Terms(NOW, HOUR, 9))
    assert await is_refused(server_for(ca, ca), client_context(ca.pem, to_pem(server_s), key))


async def test_server_refuses_when_a_leaf_has_signed_the_client(ca):
    key = PrivateKey.make()
    leaf = Authority(ca.issue_client("desk-1", key.public_key, Terms(NOW, HOUR, 11)), key)
    assert await is_refused(server_for(ca, ca), client_for(ca, leaf))


def test_extensions_say_what_each_certificate_is_for(ca):
    key = PrivateKey.make().public_key
    server = ca.issue_server("bus", ["bus.example", "10.0.0.1"], key, Terms(NOW, HOUR, 2))
    client = ca.issue_client("desk-1", key, Terms(NOW, HOUR, 3))
    usage = [
        list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        for certificate in (server, client)
    ]
    assert usage == [[ExtendedKeyUsageOID.SERVER_AUTH], [ExtendedKeyUsageOID.CLIENT_AUTH]]
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["bus.example"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.1"]
    assert client.not_valid_before_utc < half_life(client) < client.not_valid_after_utc


def test_session_key_refuses_when_the_certificate_is_for_another_key(ca):
    stranger = ca.issue_client("session", PrivateKey.make().public_key, Terms(NOW, HOUR, 4))
    with pytest.raises(TrustError):
        SessionKey().context(ca.pem, to_pem(stranger))


def test_authority_is_refused_when_its_key_belongs_to_another(ca, foreign):
    with pytest.raises(TrustError, match="another key"):
        Authority.from_pem(ca.pem.encode(), foreign.key.pem, "ca")
