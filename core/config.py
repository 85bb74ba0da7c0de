"""What the whole project agrees on: classes, tasks, paths and the seed."""

from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "models"
RECIPES = ROOT / "recipes"
SEARCHES = ROOT / "searches"
SAMPLES = ROOT / "samples"
PRETRAINED = ROOT / "pretrained" / "efficientnet-lite0.npz"
README = ROOT / "README.md"
PAGES = ROOT / "pages"

SEED = 2023
"""The seed of every random draw that must come out the same again."""

CLASSES: tuple[str, ...] = ("meningioma", "glioma", "pituitary")
"""The classes in the data set's order (label 1, 2, 3), which is the order of the networks' outputs."""

CLASSIFICATION, SEGMENTATION = "classification", "segmentation"
TASKS = (CLASSIFICATION, SEGMENTATION)


def tasks_of(stated: str | list[str]) -> tuple[str, ...]:
    """The tasks that a recipe or a card states, one name or a list of both.

    Raises:
        ValueError: not one of ``TASKS``, or not both in their order.
    """
    found = (stated,) if isinstance(stated, str) else tuple(stated)
    if found not in {(CLASSIFICATION,), (SEGMENTATION,), TASKS}:
        raise ValueError(
            f"the task is {' and '.join(map(str, found)) or 'missing'}; it may be {', '.join(TASKS)} or both"
        )
    return found


def outputs_by_task(tasks: tuple[str, ...], outputs: Any) -> dict[str, Any]:
    """A network's outputs by task.

    Args:
        tasks: of the network, in the order of its outputs.
        outputs: as the network gives them: a list, or for one task the output itself.
    """
    return dict(zip(tasks, outputs if isinstance(outputs, list) else [outputs], strict=True))
