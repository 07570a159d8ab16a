"""Which pages there are to be, and what determines each of them."""

from dataclasses import dataclass

from models.data.layouts import LAYOUTS, Kind, Layout
from models.data.split import Split

# Each kind of each half has seeds of its own; a folder's seed shifts them all.
MOST_PAGES = 500_000
_FOLDER_SEEDS = 10_000_000
_FIRST_SEED = {
    (Split.TRAIN, Kind.TEXT): 0,
    (Split.TRAIN, Kind.PICTURES): MOST_PAGES,
    (Split.HELD_OUT, Kind.TEXT): 2 * MOST_PAGES,
    (Split.HELD_OUT, Kind.PICTURES): 3 * MOST_PAGES,
}


@dataclass(frozen=True, slots=True)
class Rendering:
    """How a desktop draws text: in grey or in the three colours of a pixel, and with which hinting."""

    subpixel: bool
    hinting: str

    def __str__(self) -> str:
        return f"{'subpixel' if self.subpixel else 'grey'}-{self.hinting}"


# Most desktops draw in grey with slight hinting, as Debian does.
RENDERINGS = (
    Rendering(False, "slight"),
    Rendering(False, "full"),
    Rendering(True, "slight"),
    Rendering(False, "none"),
    Rendering(False, "slight"),
    Rendering(True, "full"),
    Rendering(False, "medium"),
    Rendering(True, "none"),
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many pages to make."""

    train_text: int = 350
    train_pictures: int = 70
    held_out_text: int = 44
    held_out_pictures: int = 16

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not 0 <= getattr(self, name) <= MOST_PAGES:
                raise ValueError(f"{name} is {getattr(self, name)}: expected 0 to {MOST_PAGES} pages")

    def of(self, split: Split, kind: Kind) -> int:
        """Return how many pages of one split and kind there are."""
        return int(getattr(self, f"{split.replace('-', '_')}_{kind}"))


@dataclass(frozen=True, slots=True)
class Plan:
    """A page that is to be: `number` of its split and kind."""

    split: Split
    kind: Kind
    number: int

    @property
    def file(self) -> str:
        """The name of its picture."""
        return f"{self.kind}-{self.number:04}.png"

    @property
    def rendering(self) -> Rendering:
        """How it is drawn; shifted so that every layout meets every rendering."""
        return RENDERINGS[(self.number + self.number // len(RENDERINGS)) % len(RENDERINGS)]

    @property
    def layout(self) -> Layout:
        """What it looks like."""
        layouts = LAYOUTS[self.split, self.kind]
        return layouts[self.number % len(layouts)]

    def seed(self, of_folder: int) -> int:
        """Return the seed of its contents."""
        return of_folder * _FOLDER_SEEDS + _FIRST_SEED[self.split, self.kind] + self.number


def plans(counts: Counts) -> list[Plan]:
    """List all pages, every kind of every half."""
    return [Plan(split, kind, number) for split, kind in LAYOUTS for number in range(counts.of(split, kind))]
