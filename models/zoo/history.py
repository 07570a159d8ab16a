"""What a checkpoint says of how it came to be."""

from pathlib import Path

from models.data.manifest import read_manifest
from models.train.checkpoint import CHECKPOINT, load
from models.train.settings import Settings, Stage

NOTE = "note.txt"
_ADDING = (Stage.RECOGNISER, Stage.ADVERSARIAL, Stage.DISTILLED)


def training(run: Path) -> str:
    """Tell the stages of `run`, from the one that began with nothing."""
    stages = []
    source = str(run)
    while source:
        state = load(Path(source) / CHECKPOINT)
        settings = Settings.from_dict(state["settings"])
        stages.append(_stage(settings, state["step"], state["seconds"]) + _note(Path(source)))
        source = settings.source
    return "; then ".join(reversed(stages))


def data(folder: Path) -> str:
    """Tell what the pages for training in `folder` are."""
    manifest = read_manifest(folder / "train")
    kinds = sorted({page.kind for page in manifest.pages})
    return (
        f"{len(manifest.pages)} pages of 1920x1080 ({', '.join(kinds)}) rendered by models.data with seed"
        f" {manifest.seed}; low resolution is the truncating 4x4 box mean"
    )


def _note(run: Path) -> str:
    """Give what a person left in a run that its checkpoint cannot know."""
    path = run / NOTE
    return f" ({path.read_text(encoding='utf-8').strip()})" if path.exists() else ""


def _stage(settings: Settings, steps: int, seconds: float) -> str:
    optimiser = "Muon" if settings.muon else "Adam"
    error = f"Charbonnier error ({settings.epsilon:g})" if settings.epsilon else "squared error"
    edges = f" and {settings.edge_weight:g} times that of edges" if settings.edge_weight else ""
    added = f", what the stage adds counted {settings.weight:g}" if settings.stage in _ADDING else ""
    teacher = f", teacher {Path(settings.teacher).name}" if settings.teacher else ""
    return (
        f"{settings.stage}: {steps:,} steps of {settings.batch} patches of {settings.patch_px} low-resolution pixels,"
        f" {optimiser} at {settings.rate:g} of its rate, {error}{edges}{added}{teacher}, {seconds / 60:.0f} minutes"
    )
