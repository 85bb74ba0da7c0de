"""Whether two planes of a volume give the same answer."""

from core.inference.volumes.analysis import VolumeAnswer
from core.labels import CLASS_LABELS
from core.outcome import WITHHELD

MOST_APART = 0.25
"""Share of the larger mask's volume by which two planes' masks may differ and still agree."""


def disagreement(planes: tuple[str, str], answers: tuple[VolumeAnswer, VolumeAnswer], classes: tuple[str, ...]) -> str:
    """Say in one sentence how the answers of two planes differ; "" where they agree.

    Args:
        planes: their names.
        answers: of the planes.
        classes: names in the order of the probabilities.
    """
    first, second = answers
    found = [answer.outcome not in WITHHELD for answer in answers]
    if found[0] != found[1]:
        with_tumour, without = planes if found[0] else reversed(planes)
        return f"The planes disagree: a tumour is found in the {with_tumour} slices and none in the {without} ones."
    if not all(found):
        return ""
    kinds = [CLASS_LABELS[classes[int(answer.probabilities.argmax())]].in_text for answer in answers]  # type: ignore[union-attr]
    if kinds[0] != kinds[1]:
        return (
            f"The planes disagree: the {planes[0]} slices say {kinds[0]}, the {planes[1]} ones {kinds[1]} as the "
            "likeliest class."
        )
    if first.volume_ml is None or second.volume_ml is None:
        return ""
    larger = max(first.volume_ml, second.volume_ml)
    if abs(first.volume_ml - second.volume_ml) <= MOST_APART * larger:
        return ""
    return (
        f"The planes disagree: the mask has {first.volume_ml:.1f} ml in the {planes[0]} slices and "
        f"{second.volume_ml:.1f} ml in the {planes[1]} ones, more than {MOST_APART:.0%} apart."
    )
