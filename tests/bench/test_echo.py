import json
import sys
from pathlib import Path

import pytest

from tests.bench.echo import main


def test_a_key_is_echoed_in_both_windows_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clients = ["tigervnc", "edge-full-size"]
    words = ["echo", "--link", "unlimited", "--keys", "2", "--out", str(tmp_path), "--clients", *clients]
    monkeypatch.setattr(sys, "argv", words)
    main()
    echoes = json.loads((tmp_path / "echo.json").read_text())["echoes"]
    for name in clients:
        assert len(echoes[name]) == 2
        assert all(0 < echo["desktop_s"] <= echo["sent_s"] <= echo["client_s"] for echo in echoes[name])
    text = (tmp_path / "echo.md").read_text()
    assert text in capsys.readouterr().out
    assert "Key to echo in ms, unlimited, 2 keys" in text
    assert "edge-full-size: at most 15 ms above tigervnc" in text
