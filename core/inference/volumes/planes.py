"""Whether two planes of a volume give the same answer."""

from core.inference.volumes.analysis import VolumeAnswer
from core.labels import CLASS_LABELS
from core.outcome import WITHHELD
from core.translation.messages import tr

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
    names = [tr(plane) for plane in planes]
    found = [answer.outcome not in WITHHELD for answer in answers]
    if found[0] != found[1]:
        with_tumour, without = names if found[0] else reversed(names)
        return tr(
            "The planes disagree: a tumour is found in the {with_tumour} slices and none in the {without} ones.",
            with_tumour=with_tumour,
            without=without,
        )
    if not all(found):
        return ""
    kinds = [CLASS_LABELS[classes[int(answer.probabilities.argmax())]].in_text for answer in answers]  # type: ignore[union-attr]
    if kinds[0] != kinds[1]:
        return tr(
            "The planes disagree: the {one} slices say {class_of_one}, the {other} ones {class_of_other} as the "
            "likeliest class.",
            one=names[0],
            class_of_one=kinds[0],
            other=names[1],
            class_of_other=kinds[1],
        )
    if first.volume_ml is None or second.volume_ml is None:
        return ""
    larger = max(first.volume_ml, second.volume_ml)
    if abs(first.volume_ml - second.volume_ml) <= MOST_APART * larger:
        return ""
    return tr(
        "The planes disagree: the mask has {ml_of_one:.1f} ml in the {one} slices and {ml_of_other:.1f} ml in the "
        "{other} ones, more than {most:.0f} % apart.",
        ml_of_one=first.volume_ml,
        one=names[0],
        ml_of_other=second.volume_ml,
        other=names[1],
        most=MOST_APART * 100,
    )
