"""How classes, answers, parts of a split, tasks and metrics are named and coloured, on pages and on the command line.

Each kind of thing has one table; its entries are shown in the table's order.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from core.config import CLASSES, CLASSIFICATION, PRESENCE, SEGMENTATION
from core.outcome import CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, NOT_A_HEAD, UNUSUAL
from core.text import lower_first
from core.translation.messages import mark, tr

BLUE, VERMILLION, GREEN, SKY_BLUE, PURPLE = "#0072B2", "#D55E00", "#009E73", "#56B4E9", "#CC79A7"
"""Okabe and Ito's colours, told apart by colour-blind eyes."""
GREY = "#8A9399"
WHITE, BLACK = "#FFFFFF", "#0C1518"
"""Text on a colour."""
_TEAL, _OCHRE, _SLATE = "#0E7C93", "#C26A1B", "#5F7480"
"""The theme's first, second and last chart colour; none of them is a class's."""


@dataclass(frozen=True)
class Label:
    """How one thing is shown, in the current language.

    Attributes:
        english_short: see ``short``.
        english_title: see ``title``.
        colour: of its marks on a plot, in hex; empty where it is never drawn.
        text_colour: of text on that colour, readable at 4.5:1.
    """

    english_short: str
    english_title: str
    colour: str = ""
    text_colour: str = BLACK

    @property
    def short(self) -> str:
        """The title for an axis, a legend or a tile."""
        return tr(self.english_short)

    @property
    def title(self) -> str:
        """The title in full."""
        return tr(self.english_title)

    @property
    def in_text(self) -> str:
        """The full title within a sentence."""
        return lower_first(self.title)

    @property
    def short_in_text(self) -> str:
        """The short title within a sentence."""
        return lower_first(self.short)


class Titles(Mapping[str, str]):
    """Titles by name, each in the current language.

    Attributes:
        english: the titles as they stand in the code, marked for translation.
    """

    def __init__(self, english: Mapping[str, str]) -> None:
        self.english = english

    def __getitem__(self, name: str) -> str:
        return tr(self.english[name])

    def __contains__(self, name: object) -> bool:
        return name in self.english

    def __iter__(self) -> Iterator[str]:
        return iter(self.english)

    def __len__(self) -> int:
        return len(self.english)


CLASS_LABELS = {
    "meningioma": Label("Meningioma", "Meningioma", BLUE, WHITE),
    "glioma": Label("Glioma", "Glioma", VERMILLION),
    "pituitary": Label("Pituitary", "Pituitary tumour", GREEN),
}
OUTCOME_LABELS = {
    CONFIDENT: Label("Confident", "Confident"),
    LOW_CONFIDENCE: Label("Low confidence", "Low confidence", GREY),
    NO_TUMOUR: Label("No tumour", "No tumour found"),
    UNUSUAL: Label("Unusual image", "Unusual image", SKY_BLUE),
    NOT_A_HEAD: Label("Not a head slice", "Not a head slice", PURPLE),
}
ANSWER_LABELS = CLASS_LABELS | {name: label for name, label in OUTCOME_LABELS.items() if name != CONFIDENT}
"""What stands in a table: the class of a confident answer, or the outcome."""
PART_LABELS = {
    "train": Label("Training", "In training", _TEAL),
    "validation": Label("Validation", "Validation slice, used for model selection", _SLATE),
    "test": Label("Test", "Test slice", _OCHRE),
}
"""Parts of a split, and what a slice of the part is to a network."""
TASK_LABELS = {
    CLASSIFICATION: Label("Class", "Classification"),
    SEGMENTATION: Label("Mask", "Segmentation"),
    PRESENCE: Label("Presence", "Presence of a tumour"),
}
METRIC_TITLES = Titles(
    {
        "accuracy": mark("Accuracy"),
        "macro_f1": mark("Macro F1"),
        "recall_meningioma": mark("Recall, meningioma"),
        "recall_glioma": mark("Recall, glioma"),
        "recall_pituitary": mark("Recall, pituitary"),
        "series_accuracy": mark("Series accuracy"),
        "patient_accuracy": mark("Patient-level accuracy"),
        "dice_mean": mark("Mean Dice"),
        "dice_median": mark("Median Dice"),
        "dice_class_mean": mark("Class-mean Dice"),
        "dice_patient_mean": mark("Dice by patient"),
        "dice_pooled": mark("Pooled Dice"),
        "iou_mean": mark("Mean IoU"),
        "iou_median": mark("Median IoU"),
        "iou_pooled": mark("Pooled IoU"),
        "missed": mark("Missed tumours (Dice 0)"),
    }
)
"""By name in ``core.evaluation.bootstrap`` and in a card's ``metrics``."""
SHARE_METRICS = {"accuracy", "series_accuracy", "patient_accuracy", "missed", *(f"recall_{name}" for name in CLASSES)}
"""Metrics that are written as percent."""
PATIENT_LEVEL, SLICE_LEVEL = mark("patient-level"), mark("slice-level")
"""Levels of a split; see ``split_level``."""
CHANGE_TITLES = Titles(
    {
        "unaltered": mark("Unaltered"),
        "jpeg": mark("JPEG, quality 30"),
        "half_size": mark("Half the size"),
        "gamma_up": mark("Gamma 1.5"),
        "gamma_down": mark("Gamma 0.67"),
        "brighter": mark("Brighter"),
        "darker": mark("Darker"),
        "bias_field": mark("Uneven brightness"),
        "noise": mark("Noise, 3 %"),
        "blur": mark("Blur, 0.8 px"),
        "rotation_10": mark("Turned by 10°"),
        "rotation_90": mark("Turned by 90°"),
        "mirror": mark("Mirrored"),
        "border": mark("Black border"),
        "frame": mark("White frame"),
        "skull_strip": mark("Skull stripped"),
    }
)
"""Changes of a slice, by name in ``core.evaluation.robustness``."""
GATE_METRIC_LABELS = {
    "no_tumour_called_tumour": Label("False positive rate", "External tumour-free slices given a tumour type"),
    "tumour_called_no_tumour": Label("False negative rate", "External tumour slices with no tumour found"),
    "class_accuracy_answered": Label("Accuracy, tumour type", "Accuracy on confident external tumour slices"),
    "answered_tumour": Label("Coverage, tumours", "Coverage of external tumour slices"),
    "answered_no_tumour": Label("Coverage, tumour-free", "Coverage of external tumour-free slices"),
    "non_brain_flagged": Label("Non-brain images rejected", "Non-brain images rejected"),
    "figshare_flagged": Label("In-distribution false rejections", "In-distribution false rejections (own test slices)"),
    "figshare_called_no_tumour": Label("False negative rate, internal", "Own test slices with no tumour found"),
}
"""By key of a card's ``metrics.external``."""


def metric_titles(names: Collection[str]) -> Titles:
    """Return the titles of those of the metrics that are named, by name, in the order of ``METRIC_TITLES``."""
    return Titles({name: title for name, title in METRIC_TITLES.english.items() if name in names})


def split_level(by_patient: bool) -> str:
    """Name the level of a split: whether it keeps a patient's slices together."""
    return tr(PATIENT_LEVEL if by_patient else SLICE_LEVEL)


def split_level_with_caveat(*, by_patient: bool, test_stopped_training: bool) -> str:
    """Name the level of a split with what makes figures of its test slices optimistic, where something does."""
    if by_patient:
        return split_level(True)
    if test_stopped_training:
        return tr("slice-level (leaks: optimistic; its test slices stopped its training)")
    return tr("slice-level (leaks: optimistic)")
