"""Looking at a real X server from outside."""

import os
import subprocess

import numpy as np
import pytest

from edge.broker.desktops.x_server import Screen
from edge.broker.desktops.xauthority import xauthority
from edge.errors import BrokerError
from edge.geometry import Size
from edge.trust.private_file import write_private
from tests.servers import process, require, wait_until, window_manager, x_server

SIZE = Size(321, 200)
COOKIE = bytes(range(16))
TITLE = "한글 창"


@pytest.fixture
def screen(tmp_path):
    """A guarded X server with a window manager and a window whose title has Hangul."""
    authority = tmp_path / "Xauthority"
    write_private(authority, xauthority(COOKIE))
    with pytest.MonkeyPatch.context() as patch, x_server(SIZE, None, "-auth", str(authority)) as display:
        patch.setenv("XAUTHORITY", str(authority))
        environment = {"DISPLAY": display}
        with window_manager(display), process([require("xterm", "xterm"), "-T", "plain"], env=environment):
            name_it = ["xprop", "-name", "plain", "-f", "_NET_WM_NAME", "8u", "-set", "_NET_WM_NAME", TITLE]
            utf8 = {**os.environ, "DISPLAY": display, "LANG": "C.UTF-8"}
            wait_until(lambda: subprocess.run(name_it, env=utf8, check=False).returncode == 0, "xterm's window")
            yield Screen(int(display.removeprefix(":")), authority)


def test_title_and_pixels_are_read_when_a_window_is_active(screen):
    with screen.open() as server:
        assert server.size == SIZE
        wait_until(lambda: server.active_title() == TITLE, "the window is active")
        wait_until(lambda: bool((server.picture() == 0xFFFFFF).any()), "xterm's white ground")
        picture = server.picture()
        assert picture.shape == SIZE.shape
        assert picture.dtype == np.uint32
        assert picture.max() <= 0xFFFFFF


def test_property_is_none_when_nobody_knows_its_name(screen):
    with screen.open() as server:
        assert server.property(b"_NOBODY_HAS_THIS") is None


def test_connection_is_refused_when_the_cookie_is_another(screen, tmp_path):
    other = tmp_path / "other"
    write_private(other, xauthority(bytes(16)))
    with pytest.raises(BrokerError, match="refused the connection"):
        Screen(screen.display, other).open()


def test_connection_fails_when_there_is_no_such_display(tmp_path):
    authority = tmp_path / "Xauthority"
    write_private(authority, xauthority(COOKIE))
    with pytest.raises(BrokerError, match="no connection"):
        Screen(59_999, authority).open()
