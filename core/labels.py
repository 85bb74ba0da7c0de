"""How classes, answers, parts of a split, tasks and metrics are named and coloured, on pages and on the command line.

Each kind of thing has one table; its entries are shown in the table's order.
"""

from collections.abc import Collection
from dataclasses import dataclass

from core.config import CLASSES, CLASSIFICATION, PRESENCE, SEGMENTATION
from core.outcome import CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, NOT_A_HEAD, UNUSUAL
from core.text import lower_first

BLUE, VERMILLION, GREEN, SKY_BLUE, PURPLE = "#0072B2", "#D55E00", "#009E73", "#56B4E9", "#CC79A7"
"""Okabe and Ito's colours, told apart by colour-blind eyes."""
GREY = "#8A9399"
WHITE, BLACK = "#FFFFFF", "#0C1518"
"""Text on a colour."""
_TEAL, _OCHRE, _SLATE = "#0E7C93", "#C26A1B", "#5F7480"
"""The theme's first, second and last chart colour; none of them is a class's."""


@dataclass(frozen=True)
class Label:
    """How one thing is shown.

    Attributes:
        short: for an axis, a legend or a tile.
        title: in full.
        colour: of its marks on a plot, in hex; empty where it is never drawn.
        text_colour: of text on that colour, readable at 4.5:1.
    """

    short: str
    title: str
    colour: str = ""
    text_colour: str = BLACK

    @property
    def in_text(self) -> str:
        """The full title within a sentence."""
        return lower_first(self.title)

    @property
    def short_in_text(self) -> str:
        """The short title within a sentence."""
        return lower_first(self.short)


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
METRIC_TITLES = {
    "accuracy": "Accuracy",
    "macro_f1": "Macro F1",
    **{f"recall_{name}": f"Recall, {CLASS_LABELS[name].short_in_text}" for name in CLASSES},
    "patient_accuracy": "Patient-level accuracy",
    "dice_mean": "Mean Dice",
    "dice_median": "Median Dice",
    "dice_class_mean": "Class-mean Dice",
    "dice_patient_mean": "Dice by patient",
    "dice_pooled": "Pooled Dice",
    "iou_mean": "Mean IoU",
    "iou_median": "Median IoU",
    "iou_pooled": "Pooled IoU",
    "missed": "Missed tumours (Dice 0)",
}
"""By name in ``core.evaluation.bootstrap`` and in a card's ``metrics``."""
SHARE_METRICS = {"accuracy", "patient_accuracy", "missed", *(f"recall_{name}" for name in CLASSES)}
"""Metrics that are written as percent."""
CHANGE_TITLES = {
    "unaltered": "Unaltered",
    "jpeg": "JPEG, quality 30",
    "half_size": "Half the size",
    "gamma_up": "Gamma 1.5",
    "gamma_down": "Gamma 0.67",
    "brighter": "Brighter",
    "darker": "Darker",
    "bias_field": "Uneven brightness",
    "noise": "Noise, 3 %",
    "blur": "Blur, 0.8 px",
    "rotation_10": "Turned by 10°",
    "rotation_90": "Turned by 90°",
    "mirror": "Mirrored",
    "border": "Black border",
    "frame": "White frame",
    "skull_strip": "Skull stripped",
}
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


def metric_titles(names: Collection[str]) -> dict[str, str]:
    """Return the titles of those of the metrics that are named, by name, in the order of ``METRIC_TITLES``."""
    return {name: title for name, title in METRIC_TITLES.items() if name in names}


def split_level(by_patient: bool) -> str:
    """Name the level of a split: whether it keeps a patient's slices together."""
    return "patient-level" if by_patient else "slice-level"


def split_caveat(*, by_patient: bool, test_stopped_training: bool) -> str:
    """Return what to say beside figures of test slices that are optimistic; nothing where they are not."""
    if by_patient:
        return ""
    stopped = "; its test slices stopped its training" if test_stopped_training else ""
    return f" (leaks: optimistic{stopped})"
