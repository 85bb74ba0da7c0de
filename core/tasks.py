"""The tasks: what a network can answer. One that answers both gives its outputs in this order."""

from typing import Any

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


def by_task(tasks: tuple[str, ...], outputs: Any) -> dict[str, Any]:
    """A network's outputs by task.

    Args:
        tasks: of the network, in the order of its outputs.
        outputs: as the network gives them: a list, or for one task the output itself.
    """
    return dict(zip(tasks, outputs if isinstance(outputs, list) else [outputs], strict=True))
