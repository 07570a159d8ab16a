"""Pictures with a photograph's statistics: one that stands, and a canvas in which some move like film."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

FILM_FPS = 25
FILM_S = 4
# The camera pans and comes nearer, light drifts over the land, and each frame has grain of its own. What a frame looks
# like depends on its number alone, so that the last one is the same however many were drawn before it.
FILM = """
<canvas id=film width=640 height=360></canvas>
<script>
const canvas = document.getElementById('film'), pen = canvas.getContext('2d'), LAST = FPS * SECONDS
const land = new Image(), sky = new Image(), grain = document.createElement('canvas')
let chance = 1
const random = () => (chance = (chance * 48271) % 2147483647) / 2147483647
grain.width = 960; grain.height = 680
const dust = grain.getContext('2d'), specks = dust.createImageData(960, 680)
for (let i = 0; i < specks.data.length; i += 4) {
  specks.data.fill(random() < .5 ? 0 : 255, i, i + 3); specks.data[i + 3] = 26 * random()
}
dust.putImageData(specks, 0, 0)
function draw(frame) {
  const zoom = 1 + frame / LAST, width = 1280 / zoom, height = 720 / zoom, drift = frame * 5 % 640
  pen.drawImage(land, 40 + frame * 4, 230 + frame * 2, width, height, 0, 0, 640, 360)
  pen.globalAlpha = .3
  pen.drawImage(sky, 0, 0, 640, 360, drift, 0, 640, 360)
  pen.drawImage(sky, 0, 0, 640, 360, drift - 640, 0, 640, 360)
  pen.globalAlpha = 1
  pen.drawImage(grain, -(frame * 97 % 320), -(frame * 61 % 320))
}
function play(began) {
  const frame = Math.min(LAST, Math.floor((performance.now() - began) / 1000 * FPS))
  draw(frame)
  if (frame < LAST) setTimeout(play, 1000 / FPS, began)
}
land.src = 'film-land.jpg'; sky.src = 'film-sky.jpg'
addEventListener('load', () => play(performance.now()))
</script>
""".replace("FPS", str(FILM_FPS)).replace("SECONDS", str(FILM_S))


def write_film(folder: Path, seed: int) -> str:
    """Write the pictures that `FILM` moves to `folder`; returns the part of a page that plays it when it is opened."""
    for name, number in (("film-land.jpg", seed), ("film-sky.jpg", seed + 1)):
        cv2.imwrite(str(folder / name), landscape(number, 960, 1720), [cv2.IMWRITE_JPEG_QUALITY, 90])
    return FILM


def landscape(seed: int, height: int, width: int) -> NDArray[np.uint8]:
    """Paint something with a photograph's statistics: BGR (height, width, 3), noise of all sizes, a lit sky, grain."""
    rng = np.random.default_rng(seed)
    relief = np.zeros((height, width), np.float32)
    for octave in range(2, 9):
        coarse = rng.normal(size=(2**octave, 2**octave)).astype(np.float32)
        relief += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) * 0.6**octave
    relief = (relief - relief.min()) / np.ptp(relief)
    row = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    sky = np.stack([0.75 - 0.3 * row + 0 * relief, 0.5 + 0.2 * row + 0 * relief, 0.35 + 0.5 * row + 0 * relief], axis=2)
    land = np.stack([0.12 + 0.25 * relief, 0.2 + 0.5 * relief, 0.15 + 0.35 * relief], axis=2)
    skyline = (row > 0.45 + 0.25 * relief[height // 2][None, :])[:, :, None]
    picture = np.where(skyline, land, sky + 0.12 * relief[:, :, None]) + rng.normal(0, 0.012, (height, width, 3))
    return np.clip(picture * 255, 0, 255).astype(np.uint8)
