"""The README's table of figures, written from the bundles between two markers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from core import course_report
from core.bundles.bundle import Bundle, bundle_names, open_bundle
from core.config import CLASSES, CLASSIFICATION, MODELS, README, SEGMENTATION
from core.dataset import splits
from core.errors import BundleError
from core.files import replace_file
from core.text import join_words

BEGIN = "<!-- figures: written by `python -m core readme` -->"
END = "<!-- end of figures -->"

Row = tuple[str, str, Callable[[Bundle], str]]
_NONE = "–"
_ACCURACY_OVER_FOLDS = "Accuracy by patient, mean ± std over folds"
_PATIENTS_OVER_FOLDS = "Patients named rightly, mean ± std over folds"
_DICE_OVER_FOLDS = "Mean Dice by patient, mean ± std over folds"
_OVER_FOLDS = (_ACCURACY_OVER_FOLDS, _PATIENTS_OVER_FOLDS, _DICE_OVER_FOLDS)


def write_readme(path: Path = README, models: Path = MODELS) -> None:
    """Replace what stands between the markers.

    Raises:
        BundleError: the README lacks a marker.
    """
    text = _with_figures(path.read_text(encoding="utf-8"), models)
    with replace_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def check_readme(path: Path = README, models: Path = MODELS) -> None:
    """Refuse a README whose figures are not those of the bundles.

    Raises:
        BundleError: they differ, or the README lacks a marker.
    """
    text = path.read_text(encoding="utf-8")
    if _with_figures(text, models) != text:
        raise BundleError("The README's figures are not those of the bundles; run 'python -m core readme'.")


def _with_figures(text: str, models: Path) -> str:
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BundleError(f"The README lacks the marker '{END if begin else BEGIN}'.")
    return f"{before}{begin}\n\n{metrics_tables(models)}\n{end}{after}"


def metrics_tables(models: Path = MODELS) -> str:
    """Markdown tables: classification and segmentation, the report beside every bundle; screens; and notes on them."""
    bundles = [bundle for bundle in (open_bundle(name, models) for name in bundle_names(models)) if bundle.test_metrics]
    tables = [
        _table(rows, [bundle for bundle in bundles if task in bundle.tasks])
        for task, rows in ((CLASSIFICATION, _CLASS_ROWS), (SEGMENTATION, _MASK_ROWS))
    ]
    tables += [_screen_table(bundle) for bundle in bundles if _aims(bundle)]
    return "\n".join([*tables, *(f"{note}\n" for note in _notes(bundles))])


def _aims(bundle: Bundle) -> dict[str, Any]:
    """What a screen that was measured aimed at, by figure; empty where there is none."""
    return bundle.card["metrics"].get("external", {}).get("aims", {})


def _screen_table(bundle: Bundle) -> str:
    """What a bundle's screen does with slices from elsewhere and other pictures, beside what was aimed at."""
    lines = [[f"`{bundle.name}`'s screen on strangers", "aim", "reached"], ["---", "---:", "---:"]]
    for name, one in _aims(bundle).items():
        short = f", short by {one['short_by']:.4f}" if one["short_by"] else ""
        lines.append([_SCREEN_ROWS[name], one["aim"], f"{one['reached']:.4f}{short}"])
    own = bundle.card["metrics"]["external"]["figshare_all"]
    lines.append(["Own test slices named rightly behind the screen", _NONE, f"{own['right']:.4f}"])
    return _markdown(lines)


def _markdown(lines: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _notes(bundles: list[Bundle]) -> list[str]:
    """What holds of some bundles' figures, a sentence each."""
    flipped = [f"`{bundle.name}`" for bundle in bundles if bundle.test_time_flip]
    if not flipped:
        return []
    return [f"Answers of {join_words(flipped)} are means over the slice and its mirror image."]


def _table(rows: list[Row], bundles: list[Bundle]) -> str:
    header = ["", "the report", *(f"`{bundle.name}`" for bundle in bundles)]
    body = [[title, theirs, *(ours(bundle) for bundle in bundles)] for title, theirs, ours in rows]
    # Where no recipe was trained on several folds, nothing is said of means over them.
    body = [line for line in body if line[0] not in _OVER_FOLDS or set(line[2:]) != {_NONE}]
    return _markdown([header, ["---", *("---:" for _ in header[1:])], *body])


def _test(*keys: str, digits: int = 4) -> Callable[[Bundle], str]:
    def value(bundle: Bundle) -> str:
        found: Any = bundle.test_metrics
        for key in keys:
            found = found[key]
        return f"{found:.{digits}f}"

    return value


def _class_row(name: str) -> Row:
    theirs = course_report.TABLE_4[name]

    def ours(bundle: Bundle) -> str:
        found = bundle.test_metrics["per_class"][name]
        return f"{found['precision']:.2f} / {found['recall']:.2f} / {found['f1']:.2f}"

    title = f"{name.capitalize()}: precision / recall / F1"
    return title, f"{theirs.precision:.2f} / {theirs.recall:.2f} / {theirs.f1:.2f}", ours


def _split(bundle: Bundle) -> str:
    return "by patient" if bundle.card["data"]["by_patient"] else "by slice"


def _right(bundle: Bundle) -> str:
    matrix = bundle.test_metrics["confusion_matrix"]
    return f"{sum(matrix[i][i] for i in range(len(matrix)))} of {bundle.test_metrics['slices']}"


def _mask_loss(bundle: Bundle) -> str:
    return _test("mask_loss" if CLASSIFICATION in bundle.tasks else "loss")(bundle)


def _on_table_5(key: str) -> Callable[[Bundle], str]:
    def value(bundle: Bundle) -> str:
        if bundle.card["data"]["split"] == splits.TABLE_5:
            return _test(key)(bundle)
        return _test("table_5", key)(bundle) if "table_5" in bundle.test_metrics else _NONE

    return value


def _patients(bundle: Bundle) -> str:
    # Where patients stand on both sides of a split, the share would say nothing.
    return _test("patient_accuracy")(bundle) if bundle.card["data"]["by_patient"] else _NONE


def _twins(bundle: Bundle) -> str:
    found = bundle.test_metrics.get("without_letter_twins")
    return f"{found['accuracy']:.4f} ({found['slices']} slices)" if found else _NONE


def _over_folds(key: str) -> Callable[[Bundle], str]:
    def value(bundle: Bundle) -> str:
        across = bundle.card["metrics"].get("cross_validation", {})
        done = len(across.get("folds_done", ()))
        if done < 2 or key not in across:
            return _NONE
        return f"{across[key]['mean']:.4f} ± {across[key]['std']:.4f} ({done} folds)"

    return value


def _epochs(bundle: Bundle) -> str:
    training = bundle.card["training"]
    return f"{training['epochs_run']} (kept {training['epoch_kept']})"


def _minutes(bundle: Bundle) -> str:
    return f"{bundle.card['training']['seconds'] / 60:.0f} min"


def _slice_time(bundle: Bundle) -> str:
    return f"{bundle.card['times']['one_slice_seconds'] * 1000:.0f} ms"


def _test_time(bundle: Bundle) -> str:
    return f"{bundle.card['times']['test_set_seconds']:.1f} s"


_SCREEN_ROWS = {
    "no_tumour_called_tumour": "Tumour-free slices from elsewhere called a tumour",
    "tumour_called_no_tumour": "Tumours from elsewhere called tumour-free",
    "class_accuracy_answered": "Kind right, of the tumours from elsewhere that are named",
    "answered_tumour": "Tumours from elsewhere answered",
    "answered_no_tumour": "Tumour-free slices from elsewhere answered",
    "non_brain_flagged": "Pictures that are no brain called strangers",
    "figshare_flagged": "Own test slices called strangers",
}
_RIGHT = course_report.CNN_TEST_SLICES - course_report.CNN_TEST_WRONG
_CLASS_ROWS: list[Row] = [
    ("Split", "by slice", _split),
    ("Test slices right", f"{_RIGHT} of {course_report.CNN_TEST_SLICES}", _right),
    ("Test accuracy", f"{_RIGHT / course_report.CNN_TEST_SLICES:.4f}", _test("accuracy")),
    ("Test loss", f"{course_report.CNN_TEST_LOSS:.2f}", _test("loss", digits=2)),
    ("Macro F1", f"{course_report.CNN_MACRO_F1:.2f}", _test("macro_f1", digits=2)),
    *(_class_row(name) for name in CLASSES),
    ("Patients named rightly", _NONE, _patients),
    ("Accuracy without letter twins", _NONE, _twins),
    (_ACCURACY_OVER_FOLDS, _NONE, _over_folds("accuracy")),
    (_PATIENTS_OVER_FOLDS, _NONE, _over_folds("patient_accuracy")),
    ("Epochs", f"{course_report.CNN_EPOCHS}", _epochs),
    ("Training time", _NONE, _minutes),
    ("Test set", f"{course_report.CNN_TEST_SECONDS:.0f} s", _test_time),
    ("One slice", f"{course_report.CNN_SLICE_SECONDS * 1000:.0f} ms", _slice_time),
]
_MASK_ROWS: list[Row] = [
    ("Split", "by slice", _split),
    ("Mean Dice", _NONE, _test("dice_mean")),
    ("Pooled Dice", _NONE, _test("dice_pooled")),
    ("Mean Dice on Table 5's test slices", _NONE, _on_table_5("dice_mean")),
    ("Pooled Dice on Table 5's test slices", _NONE, _on_table_5("dice_pooled")),
    (_DICE_OVER_FOLDS, _NONE, _over_folds("dice_mean")),
    ("Mean IoU of the tumour", _NONE, _test("iou_mean")),
    ("Pooled IoU of the tumour", _NONE, _test("iou_pooled")),
    (
        "IoU as Keras gives it on scores",
        f"{course_report.UNET_VALIDATION_IOU:.4f} (validation)",
        _test("keras_mean_iou", "value"),
    ),
    (
        "Pixel accuracy at the network's size",
        f"{course_report.UNET_VALIDATION_ACCURACY:.4f} (validation)",
        _test("network_size", "pixel_accuracy"),
    ),
    ("Cross-entropy", f"{course_report.UNET_VALIDATION_LOSS:.4f} (validation)", _mask_loss),
    ("Epochs", f"{course_report.UNET_EPOCHS}", _epochs),
    ("Training time", f"{course_report.UNET_TRAINING_SECONDS / 60:.0f} min (Colab)", _minutes),
    ("One slice", f"{course_report.UNET_SLICE_SECONDS * 1000:.0f} ms", _slice_time),
]
