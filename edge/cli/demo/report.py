"""The demo's report: one HTML page with everything in it."""

import base64
import html
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2

from edge.cli.demo.figures import Fidelity, Figures, megabytes
from edge.cli.demo.pictures import Pictures
from edge.errors import EdgeError
from edge.pixels import Picture, to_bgr

PREVIEW_WIDTH = 1200
JPEG_QUALITY = 88

STYLE = """
*{box-sizing:border-box} body{margin:0;background:#f4f6f9;color:#1c2733;
font:16px/1.6 system-ui,"Noto Sans","Noto Sans CJK KR","DejaVu Sans",sans-serif}
main{max-width:1120px;margin:0 auto;padding:44px 28px 70px} h1{font-size:33px;line-height:1.25;margin:0 0 8px}
h2{font-size:21px;margin:46px 0 12px} .lead{font-size:18px;color:#485768;max-width:820px;margin:0 0 26px}
.cards{display:grid;grid-template-columns:repeat(4,1fr);gap:16px}
.card{background:#fff;border:1px solid #dfe5ec;border-radius:12px;padding:18px 20px}
.card b{display:block;font-size:30px;line-height:1.2;color:#0f4c75} .card span{font-size:14px;color:#56657a}
table{border-collapse:collapse;width:100%;background:#fff;border:1px solid #dfe5ec;border-radius:12px;overflow:hidden}
th,td{padding:8px 16px;text-align:left;border-bottom:1px solid #e8edf2;vertical-align:top} tr:last-child td{border:0}
th{background:#edf2f7;font-size:14px;color:#43536a} .n{text-align:right;font-variant-numeric:tabular-nums}
tfoot td{font-weight:600;background:#f8fafc} figure{margin:0} figcaption{font-size:14px;color:#56657a;margin:8px 2px 0}
img{display:block;width:100%;height:auto;border:1px solid #dfe5ec;border-radius:10px;background:#fff}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:22px} p,li{max-width:860px} a{color:#0f5c9a}
ul{padding-left:22px} footer{margin-top:46px;font-size:14px;color:#56657a}
@media (max-width:760px){.cards,.pair{grid-template-columns:1fr 1fr}}
"""
METHOD = """<ul>
<li>Everything ran on one machine: certificate authority, database, message bus, broker, desktop with Chromium, and the
appliance. Nothing was recorded beforehand.</li>
<li>The appliance was enrolled by a one-time token, signed its user in by a typed name and TOTP code over MQTT with
mutual TLS, and connected to x11vnc over mutual TLS with a certificate for this one session.</li>
<li>COMPARED</li>
<li>The link was the loopback interface, without any limit of rate. What a narrow link makes of it is measured by
<code>make bench</code>, at 4 Mbit/s and 40 ms. All programs shared the processor.</li>
<li>Bytes are those of RFB from server to client, without what TLS and TCP add.</li>
<li>“Sharp” text came from the server at full size, or has moved from where it had and fits the quarter-size picture
exactly. “Exact” text came from the server at full size where it stands; what has only moved is confirmed after ten
seconds of rest. A step ends when all text is sharp and the viewer receives nothing more, or after six seconds.</li>
<li>Pictures stay restored under the policy <code>text</code>, the default; the policy <code>all</code> fetches them
too.</li>
<li>PSNR is of the luma, against the real screen. The pointer is in the appliance's picture alone.</li></ul>"""


def write(path: Path, figures: Figures, pictures: Pictures) -> None:
    """Write the page to `path`; it needs no other file. Raises `EdgeError`."""
    parts = [
        _head(figures),
        _text_closely(pictures),
        _screens(figures, pictures),
        _steps(figures),
        _table(figures),
        _signing_in(pictures),
        _method(figures),
    ]
    page = (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>edge: the demo's figures</title><style>{STYLE}</style><main>{''.join(parts)}</main></html>\n"
    )
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise EdgeError(f"{path}: cannot write: {error.strerror or error}") from error


def _head(figures: Figures) -> str:
    share = figures.share_of_viewer
    cards = [
        (megabytes(figures.bytes), "received by the appliance in all"),
        (f"{share:.0%}" if share else "—", "of what a TigerVNC viewer received meanwhile" if share else "no viewer"),
        (_seconds(figures.first_picture_s), "from connecting to the first whole picture"),
        (f"{figures.fraction_text_exact:.1%}", "of the text exact at the end, pixel for pixel"),
    ]
    boxes = "".join(f"<div class=card><b>{value}</b><span>{what}</span></div>" for value, what in cards)
    width, height = figures.desktop
    return (
        "<h1>A desktop from a sixteenth of its pixels</h1>"
        "<p class=lead>An appliance was enrolled, a user signed in and used a browser for "
        f"{figures.seconds:.0f} seconds. The {width}×{height} desktop was sent at a quarter of its width and height, "
        f"restored {_by(figures)}, and text that stood still was fetched exact.</p><div class=cards>{boxes}</div>"
    )


def _text_closely(pictures: Pictures) -> str:
    return (
        "<h2>Text, closely</h2>"
        + _figure(
            _png(pictures.side_by_side), "The same lines of the last screen, each pixel shown three times as large."
        )
        + "<p>What is restored is there at once and pleasant to look at, but small letters in it are a guess. "
        "That is why text which rests is fetched exact, nearest to the pointer first.</p>"
    )


def _screens(figures: Figures, pictures: Pictures) -> str:
    screens = [
        ("native", pictures.native, "The real screen, read from its X server"),
        ("bicubic", pictures.bicubic, f"A quarter of it, enlarged (bicubic): {_psnr(figures.bicubic)}"),
        ("restored", pictures.restored, f"The same quarter, restored {_by(figures)}: {_psnr(figures.restored)}"),
        ("sharpened", pictures.sharpened, f"What the appliance shows: {_psnr(figures.shown)}"),
    ]
    shown = "".join(
        _figure(_jpeg(picture), f"{caption}. <a href={name}.png>{name}.png</a>") for name, picture, caption in screens
    )
    return f"<h2>The last screen, whole</h2><div class=pair>{shown}</div>"


def _signing_in(pictures: Pictures) -> str:
    caption = "The appliance's own sign-in screen, the name and the code typed in. <a href=sign-in.png>sign-in.png</a>"
    return f"<h2>Signing in</h2><div class=pair>{_figure(_jpeg(pictures.sign_in), caption)}</div>"


def _steps(figures: Figures) -> str:
    rows = [
        (
            html.escape(step.name),
            f"{step.bytes / 1000:,.0f}",
            "—" if step.viewer_bytes is None else f"{step.viewer_bytes / 1000:,.0f}",
            _seconds(step.text_sharp_s),
        )
        for step in figures.steps
    ]
    counted = sum(step.bytes for step in figures.steps)
    viewer = "—" if figures.viewer_bytes is None else f"{figures.viewer_bytes / 1000:,.0f}"
    total = ("All of it", f"{counted / 1000:,.0f}", viewer, "")
    head = ("What the user did", "Appliance, kB", "TigerVNC viewer, kB", "All text sharp after")
    return f"<h2>Step by step</h2>{_rows(head, rows, total)}"


def _table(figures: Figures) -> str:
    network = figures.network_ms
    calls = (
        "not used" if network is None else f"{network.p50:.0f} ms p50, {network.p95:.0f} ms p95, {network.count} calls"
    )
    rows = [
        ("Received for the quarter-size picture", megabytes(figures.low_bytes)),
        ("Received for text fetched exact", megabytes(figures.full_bytes)),
        ("TigerVNC viewer, same time", megabytes(figures.viewer_bytes) if figures.viewer_bytes else "not installed"),
        ("First whole picture", _seconds(figures.first_picture_s)),
        (
            "Exact at the end: of the text / of the screen",
            f"{figures.fraction_text_exact:.1%} / {figures.fraction_exact:.1%}",
        ),
        ("Pixels equal to the real screen's at the end", f"{figures.shown.equal_share:.1%}"),
        (f"Network ({html.escape(figures.backend)}) per frame, what changed", calls),
        ("Network for the whole screen at once", f"{figures.whole_screen_ms:.0f} ms"),
        ("Typed through the appliance, read back from the browser", html.escape(figures.typed)),
        (
            "Machine",
            html.escape(f"{figures.machine.processor}, {figures.machine.cores} cores; {figures.machine.system}"),
        ),
    ]
    return f"<h2>Figures</h2>{_rows(('Measure', 'Value'), rows)}"


def _method(figures: Figures) -> str:
    compared = (
        "A TigerVNC viewer with its default settings watched the same desktop through a second x11vnc with stock "
        "flags; a relay counted its bytes. It connected once the appliance had its first picture, and received the "
        "same pages from the first one on."
        if figures.viewer_bytes is not None
        else "No TigerVNC viewer was installed, so there is nothing to compare the bytes with."
    )
    return "<h2>What was measured, and how</h2>" + METHOD.replace("COMPARED", compared)


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]], total: Sequence[str] = ()) -> str:
    """Write a table whose columns after the first hold numbers."""

    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(f"<{tag}{' class=n' if column else ''}>{cell}</{tag}>" for column, cell in enumerate(row))

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    foot = f"<tfoot><tr>{cells('td', total)}</tr></tfoot>" if total else ""
    return f"<table><thead><tr>{cells('th', head)}</tr></thead><tbody>{body}</tbody>{foot}</table>"


def _by(figures: Figures) -> str:
    if figures.backend in {"rknn", "onnx"}:
        return "by a neural network"
    return f"without a network ({html.escape(figures.backend)})"


def _seconds(value: float | None) -> str:
    return "not in time" if value is None else f"{value:.2f} s"


def _psnr(fidelity: Fidelity) -> str:
    return "equal" if fidelity.psnr_y_db is None else f"PSNR {fidelity.psnr_y_db:.1f} dB"


def _figure(source: str, caption: str) -> str:
    return f"<figure><img src='{source}' alt=''><figcaption>{caption}</figcaption></figure>"


def _png(picture: Picture) -> str:
    return _embedded("png", cv2.imencode(".png", to_bgr(picture))[1].tobytes())


def _jpeg(picture: Picture) -> str:
    """Embed a smaller copy; the PNG beside the page has every pixel."""
    height, width = picture.shape
    size = (PREVIEW_WIDTH, round(height * PREVIEW_WIDTH / width))
    small = cv2.resize(to_bgr(picture), size, interpolation=cv2.INTER_AREA)
    return _embedded("jpeg", cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes())


def _embedded(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
