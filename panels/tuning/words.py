"""How the Search page names samplers, settings and values."""

from core.search.plan import Plan

SAMPLER_TITLES = {"tpe": "TPE", "genetic": "Genetic (NSGA-II)", "grid": "Grid"}
SETTING_TITLES = {
    "filters": "Filters",
    "epochs": "Epochs",
    "batch": "Batch",
    "learning_rate": "Learning rate",
    "dropout": "Dropout",
    "augmentation": "Augmentation",
}
_VALUE_TITLES = {"val_accuracy": "Validation accuracy", "val_dice": "Validation Dice", "val_iou": "Validation IoU"}


def value_title(plan: Plan) -> str:
    """ "Validation accuracy"."""
    return _VALUE_TITLES.get(plan.value, plan.value)


def value_text(plan: Plan, value: float) -> str:
    """A value as the site writes its kind: an accuracy in percent, a Dice with three digits."""
    return f"{value * 100:.1f} %" if plan.value.endswith("accuracy") else f"{value:.3f}"


def value_format(plan: Plan) -> str:
    """The same for an axis."""
    return ".0%" if plan.value.endswith("accuracy") else ".2f"


def setting_text(name: str, value: float) -> str:
    """ "0.00123", "32", "0.25"."""
    return f"{value:.3g}" if name not in ("filters", "epochs", "batch") else f"{value:.0f}"
