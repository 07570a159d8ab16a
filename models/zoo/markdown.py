"""A network's cards as a page to read."""

from collections.abc import Sequence

from edge.restore.backends.card import Card


def rendered(network: str, cards: Sequence[Card]) -> str:
    """Write Markdown of the cards of `network`, one for each of its files; they agree in all but precision."""
    first = cards[0]
    rows = [
        ("files", "; ".join(f"`{card.name}.onnx`" for card in cards)),
        *((f"SHA-256 of `{card.name}`", f"`{card.sha256}`") for card in cards),
        ("form", "ONNX, IR 6, opset 12"),
        ("input", f"{first.input}: blue, green, red; height and width multiples of {first.phase_px}"),
        *((f"output of `{card.name}`", _output(card)) for card in cards),
        ("halo", f"{first.halo_px} low-resolution pixels on each side, on a grid of {first.phase_px}"),
        ("size", f"{first.parameters:,} parameters, {first.gmac_per_frame} GMAC for 480x270 to 1920x1080"),
        ("licence", first.licence),
    ]
    table = "\n".join(f"| {what} | {value} |" for what, value in rows)
    parts = [
        f"# {network}",
        f"| | |\n|---|---|\n{table}",
        "## Data\n\n" + first.data,
        "## Training\n\n" + "\n\n".join(f"`{card.name}`: {card.training}" for card in cards),
        "## Judgement\n\n" + _figures(first),
        "## Limits\n\n" + first.limits,
    ]
    return "\n\n".join(parts) + "\n"


def _output(card: Card) -> str:
    offset = " plus 128" if card.calibration else ""
    return f"{card.output}: the difference from the nearest-neighbour anchor in units of 2 grey levels{offset}"


def _figures(card: Card) -> str:
    """Write the table of PSNR and SSIM of luma: a row for each method, columns for each kind of page."""
    kinds = list(card.quality)
    if not kinds:
        return "By `python -m models.evaluate`, in `models/README.md`."
    counts = " and ".join(f"{next(iter(card.quality[kind].values())).pages} of {kind}" for kind in kinds)
    lines = [
        f"Luma, means over held-out pages: {counts}.\n",
        "| | " + " | ".join(f"{kind}: PSNR-Y | SSIM" for kind in kinds) + " |",
        "|---|" + "---|---|" * len(kinds),
    ]
    for method in card.quality[kinds[0]]:
        scores = [card.quality[kind][method] for kind in kinds]
        lines.append(f"| {method} | " + " | ".join(f"{s.psnr_y_db:.2f} dB | {s.ssim_y:.4f}" for s in scores) + " |")
    return "\n".join(lines)
