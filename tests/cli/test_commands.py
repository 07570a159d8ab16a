"""`edgectl` as an administrator calls it."""

import json
import re
import subprocess
import sys

import pyotp
import pytest
from click.testing import CliRunner

from edge.broker.installation import configuration
from edge.cli import NOUNS, main

ADMIN_NOUNS = ["audit", "broker", "ca", "desktop", "device", "doctor", "user"]


class Shell:
    """A folder with a configuration, and `edgectl` in it."""

    def __init__(self, directory):
        self.directory = directory
        self.config = directory / "broker.toml"
        ports = configuration(directory)
        self.config.write_text(
            f'data_dir = "data"\n[bus]\nport = {ports.bus.port}\n[enrolment]\nport = {ports.enrolment.port}\n'
        )

    def __call__(self, *words, code=0, typed=None):
        """Run a command; its exit code must be `code`. Returns what it printed."""
        result = CliRunner(env={"EDGE_BROKER_CONFIG": str(self.config)}).invoke(main, words, input=typed)
        assert result.exit_code == code, result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert "Traceback" not in result.output
        return result.output

    def json(self, *words):
        return json.loads(self(*words, "--json"))


@pytest.fixture
def bare(tmp_path):
    return Shell(tmp_path)


@pytest.fixture
def edgectl(bare):
    bare("ca", "init")
    return bare


def test_ca_is_made_once(bare):
    assert "edgectl: error: " in bare("device", "list", code=1)
    assert len(bare.json("ca", "init")["fingerprint_sha256"]) == 64
    assert "has its CA" in bare("ca", "init", code=1)
    (line,) = bare.json("audit", "list")
    assert line["act"] == "ca.init"
    modes = {file.name: file.stat().st_mode & 0o777 for file in (bare.directory / "data").iterdir()}
    assert {modes[name] for name in ("ca.key", "master.key", "broker.sqlite")} == {0o600}


def test_error_names_file_and_line_when_the_configuration_has_an_unknown_key(edgectl):
    edgectl.config.write_text("[bus]\nprot = 1\n")
    said = edgectl("user", "list", code=1)
    assert said.startswith(f"edgectl: error: {edgectl.config}:2: unknown key 'prot'; allowed at the table [bus]: host")


def test_user_is_kept_when_the_first_code_was_right(edgectl):
    """With a terminal between them, as the authenticator has to see the secret before the code is typed."""
    command = [sys.executable, "-m", "edge.cli", "user", "add", "kim", "--config", edgectl.config]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        shown = ""
        while not (secret := re.search(r"secret: ([A-Z2-7]{32})\n", shown)):
            shown += running.stdout.readline()
        rest, _ = running.communicate(pyotp.TOTP(secret[1]).now() + "\n")
    assert running.returncode == 0
    assert "user kim: added, with desktop kim" in rest
    assert len(re.findall(r"^  (?:[a-z2-7]{4}-){3}[a-z2-7]{4}$", rest, re.MULTILINE)) == 10
    (user,) = edgectl.json("user", "list")
    assert (user["name"], user["desktops"], user["recovery_codes_left"]) == ("kim", ["kim"], 10)


def test_user_is_not_kept_when_the_first_codes_were_wrong(edgectl):
    said = edgectl("user", "add", "kim", code=1, typed="1\n2\n3\n")
    assert "does not confirm user kim" in said
    assert "user kim was not added" in said
    assert edgectl.json("user", "list") == []


def test_user_is_kept_without_a_code_for_scripts(edgectl):
    new = edgectl.json("user", "add", "lee", "--no-confirm", "--no-desktop")
    assert pyotp.parse_uri(new["uri"]).secret == new["secret"]
    assert len(new["recovery_codes"]) == 10
    assert "exists already" in edgectl("user", "add", "lee", "--no-confirm", code=1)
    assert "cannot name a user" in edgectl("user", "add", "Lee!", "--no-confirm", code=1)
    log = edgectl("audit", "list")
    assert new["secret"] not in log
    assert not any(code in log for code in new["recovery_codes"])


def test_user_is_locked_and_unlocked(edgectl):
    edgectl("user", "add", "kim", "--no-confirm")
    edgectl("user", "lock", "kim")
    assert edgectl.json("user", "list")[0]["locked"]
    edgectl("user", "unlock", "kim")
    assert not edgectl.json("user", "list")[0]["locked"]
    assert "there is no user lee" in edgectl("user", "lock", "lee", code=1)


def test_device_is_added_shown_and_revoked(edgectl):
    file = edgectl.directory / "desk-1.json"
    edgectl("device", "add", "desk-1", "--file", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    content = json.loads(file.read_text())
    assert content["device"] == "desk-1"
    assert content["token"] not in edgectl("audit", "list")
    assert edgectl.json("device", "show", "desk-1")["state"] == "added"
    assert "the next one carries it out" in edgectl("device", "revoke", "desk-1")
    assert edgectl.json("device", "list")[0]["state"] == "revoked"
    edgectl("device", "unlock", "desk-1")
    assert "there is no device desk-2" in edgectl("device", "show", "desk-2", code=1)
    assert "cannot name a device" in edgectl("device", "add", "broker", code=1)


def test_desktop_is_assigned_to_another(edgectl):
    edgectl("user", "add", "kim", "--no-confirm")
    edgectl("user", "add", "lee", "--no-confirm", "--no-desktop")
    edgectl("desktop", "assign", "lee", "kim")
    assert [(found["desktop"], found["user"], found["running"]) for found in edgectl.json("desktop", "list")] == [
        ("kim", "lee", False)
    ]
    assert edgectl.json("desktop", "stop", "--all") == [{"desktop": "kim", "running": False}]
    edgectl("desktop", "assign", "lee", "second")
    assert {found["name"]: found["desktops"] for found in edgectl.json("user", "list")} == {
        "kim": [],
        "lee": ["kim", "second"],
    }
    assert "the next one carries it out" in edgectl("desktop", "withdraw", "kim")
    assert edgectl.json("desktop", "list")[0]["user"] is None
    assert "there is no desktop moon" in edgectl("desktop", "withdraw", "moon", code=1)
    assert "there is no desktop moon" in edgectl("desktop", "stop", "moon", code=1)
    assert "cannot name a desktop" in edgectl("desktop", "assign", "lee", "Not This", code=1)
    edgectl("desktop", "stop", code=2)


def test_doctor_finds_mosquitto_when_the_path_is_not_root_s(edgectl, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert "ok       program mosquitto" in edgectl("doctor", "--role", "broker")


def test_doctor_says_what_is_missing_and_how_to_mend_it(edgectl, monkeypatch):
    edgectl("doctor", "--role", "broker")
    monkeypatch.setenv("PATH", str(edgectl.directory))
    said = edgectl("doctor", "--role", "broker", code=3)
    assert "MISSING  program x11vnc\n         apt-get install x11vnc" in said
    edged = edgectl.directory / "edged.toml"
    edged.write_text(f'state_dir = "{edgectl.directory}"\nenrolment_file = "{edgectl.directory}/none.json"\n')
    said = edgectl("doctor", "--role", "board", "--edged-config", str(edged), code=3)
    assert "edgectl device add NAME at the broker" in said
    assert "ok       restoring by onnx" in said
    edged.write_text(f'state_dir = "{edgectl.directory}"\n[restore]\nbackend = "rknn"\n')
    said = edgectl("doctor", "--role", "board", "--edged-config", str(edged), code=3)
    assert "MISSING  restoring by rknn\n         there is no NPU: the device tree names" in said
    edged.write_text("foo = 1")
    assert "unknown key 'foo'" in edgectl("doctor", "--role", "board", "--edged-config", str(edged), code=3)


def test_usage_ends_with_2_and_help_with_0(bare):
    bare("nonsense", code=2)
    bare("device", "add", code=2)
    assert "Exit codes:" in bare("--help")


@pytest.mark.parametrize("noun", ADMIN_NOUNS)
def test_every_command_has_an_example_and_json(noun):
    command = main.get_command(None, noun)
    for verb in getattr(command, "commands", {"": command}).values():
        assert "Example" in verb.help
        assert any("--json" in parameter.opts for parameter in verb.params)


def test_broker_fails_with_one_line_when_there_is_no_ca(bare):
    assert "edgectl ca init" in bare("broker", "run", code=1)


def test_view_does_not_load_the_broker_s_packages():
    code = (
        "import sys; from edge.cli import main\n"
        "try: main(['view', '--help'])\n"
        "except SystemExit: pass\n"
        "loaded = {'sqlalchemy', 'aiohttp', 'alembic', 'pyotp', 'segno', 'edge.broker'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {loaded}' if loaded else 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "Usage" in ran.stdout
    assert set(ADMIN_NOUNS) < set(NOUNS)
