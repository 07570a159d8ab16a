"""Command line of the evaluation."""

from pathlib import Path

import click
import cv2
import msgspec
import torch

from edge.restore.backends import open_backend
from edge.restore.backends.card import Quality
from edge.restore.upscaler import Upscaler
from models.evaluate.judge import judge
from models.evaluate.methods import INTERPOLATIONS, Method, Restored, Unrounded
from models.evaluate.side_by_side import side_by_side
from models.train.run import load_average
from models.zoo.card import describe, ship, write_card
from models.zoo.export import export

_KINDS = ("text", "pictures")


@click.command()
@click.option("--run", type=click.Path(path_type=Path), default=Path("models/out/run"), show_default=True)
@click.option("--data", type=click.Path(path_type=Path), default=Path("models/out/data"), show_default=True)
@click.option("--ship", "shipped", type=click.Path(path_type=Path), help="Write the network and its card here.")
@click.option("--picture", type=click.Path(path_type=Path), help="Write a piece of a page, side by side, here.")
@click.option("--piece", type=int, nargs=4, default=(240, 60, 420, 110), show_default=True, help="X Y WIDTH HEIGHT.")
@click.option("--page", default="text-0000", show_default=True, help="The held-out page of which it is a piece.")
@click.option("--threads", default=0, help="Threads of PyTorch; 0 leaves it to it.")
def main(
    run: Path,
    data: Path,
    shipped: Path | None,
    picture: Path | None,
    piece: tuple[int, int, int, int],
    page: str,
    threads: int,
) -> None:
    """Judge the network of RUN on the held-out pages of DATA, beside interpolation, and print a table."""
    if threads:
        torch.set_num_threads(threads)
    network, settings, steps = load_average(run / "checkpoint.pt")
    model = run / "network.onnx"
    export(network, model)
    pages = len(list((data / "train").glob("*.png")))
    card = describe(
        network,
        model,
        data=f"{pages} pages of 1920x1080 rendered by models.data; low resolution is the truncating 4x4 box mean",
        training=f"models.train, {steps} of {settings.steps} steps of {settings.batch} patches of {settings.patch_px}"
        f" low-resolution pixels, Adam at {settings.rate:g} with a cosine, squared error",
        quality={},
    )
    write_card(model, card)
    ours = Restored(Upscaler(open_backend("onnx", model)))
    methods: dict[str, Method] = {
        **INTERPOLATIONS,
        "classical": Restored(Upscaler(open_backend("classical"))),
        "network": ours,
        "network, not rounded to int8": Unrounded(network),
    }
    quality = {kind: judge(data / "held-out", kind, methods) for kind in _KINDS}
    click.echo(_table(quality))
    click.echo(f"{card.parameters} parameters, {card.gmac_per_frame} GMAC for 480x270")
    if shipped:
        ship(model, msgspec.structs.replace(card, quality=quality), shipped)
    if picture:
        shown: dict[str, Method] = {"bicubic": methods["bicubic"], "network": ours}
        cv2.imwrite(str(picture), side_by_side(data / "held-out" / f"{page}.png", *piece, shown))


def _table(quality: dict[str, dict[str, Quality]]) -> str:
    lines = [
        "| method | text: PSNR-Y | SSIM | pictures: PSNR-Y | SSIM |",
        "|---|---|---|---|---|",
    ]
    for method in quality[_KINDS[0]]:
        scores = [quality[kind][method] for kind in _KINDS]
        cells = " | ".join(f"{score.psnr_y_db:.2f} dB | {score.ssim_y:.4f}" for score in scores)
        lines.append(f"| {method} | {cells} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
