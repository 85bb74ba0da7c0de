"""The project's classes, tasks, paths and seed."""

import os
from pathlib import Path
from typing import Any

from core.translation.messages import mark

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "samples"
PRETRAINED = ROOT / "pretrained" / "efficientnet-lite0.npz"
README = ROOT / "README.md"
RESULTS = ROOT / "docs" / "results.md"
PAGES = ROOT / "pages"

NOTICE = mark("A demonstration on one public data set, not a medical device and not a diagnosis.")
"""Said on every page and in every result."""

RESULT_VERSION = 2
"""Of a result's fields, which docs/result.schema.json describes; another field or meaning raises it."""

# Where the program finds what it reads: looked up at the moment it is needed, so that tests change it by their fixture
# ``configure``.


def models_folder() -> Path:
    """Return the folder of bundles: the one that SLICESCOPE_MODELS names, else models/."""
    return _configured("models", ROOT / "models")


def recipes_folder() -> Path:
    """Return the folder of recipes: the one that SLICESCOPE_RECIPES names, else recipes/."""
    return _configured("recipes", ROOT / "recipes")


def searches_folder() -> Path:
    """Return the folder of searches: the one that SLICESCOPE_SEARCHES names, else searches/."""
    return _configured("searches", ROOT / "searches")


def splits_file() -> Path:
    """Return the table of slices and splits: the one that SLICESCOPE_SPLITS names, else core/dataset/splits.csv."""
    return _configured("splits", ROOT / "core" / "dataset" / "splits.csv")


def batch_folder() -> Path | None:
    """Return the folder of a batch whose results Analyse shows: the one that SLICESCOPE_BATCH names, or None."""
    named = os.environ.get("SLICESCOPE_BATCH")
    return Path(named) if named else None


def _configured(name: str, default: Path) -> Path:
    return Path(os.environ.get(f"SLICESCOPE_{name.upper()}") or default)


MAX_SIDE = 4096
"""Longest accepted side of a slice, in pixels."""
MAX_FILE_BYTES = 20 * 1024 * 1024
"""Largest accepted file, in bytes."""
MAX_VOLUME_BYTES = 128 * 1024 * 1024
"""Largest accepted volume, in bytes: its files together, and its values once decoded."""
MAX_VOLUME_SLICES = 512
"""Most slices of a volume in one plane."""

SEED = 2023
"""The seed of every random draw that must be reproducible."""

CLASSES: tuple[str, ...] = (mark("meningioma"), mark("glioma"), mark("pituitary"))
"""The classes in the order of the data set's labels (1, 2, 3) and of the networks' outputs."""

CLASSIFICATION, SEGMENTATION, PRESENCE = "classification", "segmentation", "presence"
TASKS = (CLASSIFICATION, SEGMENTATION)
"""What a person can ask of a network. ``PRESENCE``, whether there is a tumour at all, only stands beside both."""
FEATURES, HEAT, HEAT_FIELD = "features", "heat", "heat_field"
"""Names of a network's outputs beside its tasks': what its gate decides by, the heat map of every class, and where that
map's positions lie on the input."""


def tasks_of(stated: str | list[str]) -> tuple[str, ...]:
    """Return the tasks that a recipe or a card states: one name, or a list of both.

    Raises:
        ValueError: they are neither one of ``TASKS``, nor both in that order, nor both and ``PRESENCE``.
    """
    tasks = (stated,) if isinstance(stated, str) else tuple(stated)
    if tasks not in {(CLASSIFICATION,), (SEGMENTATION,), TASKS, (*TASKS, PRESENCE)}:
        raise ValueError(
            f"the task is {' and '.join(map(str, tasks)) or 'missing'}; "
            f"it may be {', '.join(TASKS)}, both, or both and {PRESENCE}"
        )
    return tasks


def outputs_by_task(tasks: tuple[str, ...], outputs: Any) -> dict[str, Any]:
    """Pair a network's outputs with its tasks.

    Args:
        tasks: the network's tasks, in the order of its outputs.
        outputs: what the network returns: a list, or for one task the output itself.
    """
    return dict(zip(tasks, outputs if isinstance(outputs, list) else [outputs], strict=True))
