import random

from edge.geometry import Size
from tests.bench.hypotheses import Scene, desktop_of_repeats, table, watch
from tests.bench.trace import keys, raised, wheel
from tests.bench.witness import Tally, Witness

SCREEN = Size(1280, 800)
SCENES = (
    Scene("read", (*raised("Chromium"), *keys("1"), "mousemove", "600", "500")),
    Scene("read", keys("Next")),
    Scene("read", keys("Home")),
    Scene("wheel", wheel(2, down=True)),
    Scene("wheel", wheel(2, down=False)),
    Scene("repeats", keys("2")),
    Scene("repeats", wheel(2, down=True)),
    Scene("back", keys("alt+Left")),
)


async def test_what_was_read_on_a_real_desktop_is_drawn_sharp_and_never_wrong():
    witness = Witness(SCREEN)
    tallies: dict[str, Tally] = {}
    with desktop_of_repeats(SCREEN) as (desktop, _):
        for scene in SCENES:
            tallies.setdefault(scene.kind, Tally()).add(await watch(desktop, witness, scene, random.Random(2)))
    witness.close()
    print(table(tallies, witness))
    assert sum(tally.far for tally in tallies.values()) == 0
    assert tallies["wheel"].text_accepted > 0.8 * (tallies["wheel"].text_accepted + tallies["wheel"].missed)
    assert tallies["wheel"].text_accepted > 200
    assert tallies["back"].text_accepted > 0.8 * tallies["back"].text
