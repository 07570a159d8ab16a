"""Configuration files: what is refused, and how that is said."""

from pathlib import Path

import pytest

from edge.config import BrokerConfig, EdgedConfig, load, parse
from edge.errors import ConfigError


@pytest.mark.parametrize("kind", [BrokerConfig, EdgedConfig])
def test_everything_has_a_default_when_the_file_is_empty(kind):
    assert parse("", kind, "x.toml") == kind()


def test_values_are_read():
    config = parse('data_dir = "/data"\n[bus]\nport = 1234\nstart = false\n', BrokerConfig, "x.toml")
    assert (config.data_dir, config.bus.port, config.bus.start) == (Path("/data"), 1234, False)


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("\n\nfoo = 1", "x.toml:3:", "unknown key 'foo'; allowed at the top level: data_dir, bus"),
        ("[bus]\n\nprot = 1", "x.toml:3:", "unknown key 'prot'; allowed at the table [bus]: host, listen, port"),
        ("bus.prot = 1", "x.toml:1:", "unknown key 'prot'"),
        ("# [bus]\n[bus]\nport = 'a'", "x.toml:3:", "bus.port: expected `int`, got `str`"),
        ("[bus]\nport = 65536", "x.toml:2:", "bus.port: expected `int` <= 65535"),
        ("[desktops]\nprovider = 'moon'", "x.toml:2:", "allowed: local"),
        ("[desktops]\nprogram = [1]", "x.toml:2:", "desktops.program: expected `str`"),
        ("data_dir = 3", "x.toml:1:", "data_dir: expected `str`, got `int`"),
        ("bus = 3", "x.toml:1:", "bus: expected `object`"),
        ("[bus", "x.toml:", "not TOML"),
    ],
)
def test_error_names_file_line_and_what_is_allowed_when_a_key_is_wrong(text, where, what):
    with pytest.raises(ConfigError) as caught:
        parse(text, BrokerConfig, "x.toml")
    assert str(caught.value).startswith(where)
    assert what in str(caught.value)


def test_error_names_the_device_s_own_keys_when_one_is_unknown():
    with pytest.raises(ConfigError, match=r"d\.toml:2: unknown key 'polcy'; allowed at the table \[sharpen\]: policy"):
        parse("[sharpen]\npolcy = 'text'", EdgedConfig, "d.toml")


def test_levels_of_the_link_are_those_of_rfb():
    config = parse('[link]\nquality = "lossless"\nmost_compression = 9', EdgedConfig, "d.toml")
    assert (config.link.quality, config.link.most_compression, config.link.update_ms) == ("lossless", 9, 100.0)
    with pytest.raises(ConfigError, match=r"d\.toml:2: link\.least_quality: expected `int` <= 9"):
        parse("[link]\nleast_quality = 10", EdgedConfig, "d.toml")


def test_load_says_why_when_the_file_cannot_be_read(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none.toml", BrokerConfig)
    (tmp_path / "latin.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path / "latin.toml", BrokerConfig)
    (tmp_path / "big.toml").write_bytes(b"#" * 300_000)
    with pytest.raises(ConfigError, match="longer than"):
        load(tmp_path / "big.toml", BrokerConfig)


def test_sharpening_has_a_policy_and_a_cap_and_no_others():
    sharpen = parse("[sharpen]\npolicy = 'reading'\ncap_kbit = 300", EdgedConfig, "d.toml").sharpen
    assert (sharpen.policy, sharpen.cap_kbit) == ("reading", 300)
    with pytest.raises(ConfigError, match=r"allowed: off, text, reading, all"):
        parse("[sharpen]\npolicy = 'some'", EdgedConfig, "d.toml")
    with pytest.raises(ConfigError, match=r"cap_kbit"):
        parse("[sharpen]\ncap_kbit = -1", EdgedConfig, "d.toml")
