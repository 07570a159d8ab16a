"""How window managers draw the frames of their windows."""

from dataclasses import dataclass

from models.data.split import Split


@dataclass(frozen=True, slots=True)
class Frame:
    """Declarations of CSS for a window and its title, and its buttons as HTML."""

    window: str
    title: str
    buttons: str
    buttons_first: bool = False


def _glyphs(colour: str, gap_px: int) -> str:
    """Draw the signs for: make small, make large, close."""
    frame = f'<svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="{colour}"'
    shapes = ("M3 12h10", "M4 4h8v8H4z", "M4 4l8 8M12 4l-8 8")
    return "".join(f'{frame} style="margin-left:{gap_px}px"><path d="{shape}"/></svg>' for shape in shapes)


def _lights(*colours: str) -> str:
    style = "display:inline-block;width:12px;height:12px;margin-right:7px;border-radius:50%"
    return "".join(f'<span style="{style};background:{colour}"></span>' for colour in colours)


_RAISED = (
    "display:inline-block;width:16px;height:14px;margin-left:2px;background:#d4d0c8;border:1px solid;"
    "border-color:#fff #404040 #404040 #fff"
)
FRAMES = {
    Split.TRAIN: (
        Frame("border:1px solid #9aa;box-shadow:0 4px 18px #0007", "background:#fff;color:#000", _glyphs("#000", 26)),
        Frame(
            "border:1px solid #0078d4;box-shadow:0 2px 9px #0006",
            "background:#0078d4;color:#fff",
            _glyphs("#fff", 24),
        ),
        Frame(
            "border-radius:12px 12px 0 0;box-shadow:0 3px 14px #0008;border:1px solid #0004",
            "background:#ebebeb;color:#2e3436;font-weight:700;text-align:center",
            _glyphs("#444", 12),
        ),
        Frame(
            "border:1px solid #222;border-radius:6px",
            "background:linear-gradient(#55585d,#3a3d41);color:#eee;text-align:center",
            _glyphs("#ddd", 6),
        ),
        Frame(
            "border:3px solid #5a7ea6",
            "background:linear-gradient(#8fb1d8,#5a7ea6);color:#fff;font-weight:700",
            _glyphs("#fff", 5),
        ),
    ),
    Split.HELD_OUT: (
        Frame(
            "border:2px solid;border-color:#fff #404040 #404040 #fff;box-shadow:0 0 0 1px #000",
            "background:linear-gradient(90deg,#0a246a,#a6caf0);color:#fff;font-weight:700;padding:2px 4px",
            f'<i style="{_RAISED}"></i>' * 3,
        ),
        Frame(
            "border-radius:10px;box-shadow:0 8px 30px #0009;border:1px solid #0003",
            "background:linear-gradient(#f6f6f6,#dcdcdc);color:#333;text-align:center",
            _lights("#ff5f57", "#febc2e", "#28c840"),
            buttons_first=True,
        ),
        Frame("border:2px solid #4c7899", "background:#285577;color:#fff;padding:0 6px", ""),
    ),
}
