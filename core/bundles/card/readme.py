"""A bundle's README.md, written from its card: what a reader wants to know before using the network."""

from collections.abc import Iterable
from typing import Any

from core.bundles.card.metrics import CrossValidation, ExternalMetrics, Robustness, TestMetrics, WithoutNeighbours
from core.bundles.card.schema import Card
from core.config import SEGMENTATION
from core.labels import CHANGE_TITLES, METRIC_TITLES, split_level
from core.text import join_words, markdown_table

_TITLES = {
    **METRIC_TITLES.english,
    "pixel_accuracy": "Pixel accuracy",
    "loss": "Cross-entropy",
    "mask_loss": "Cross-entropy of the mask",
}
"""The metrics of the README in its order, by key of ``metrics.test``."""
_WORDS = ("Metric", "Definition", "Class", "Share", "Change")
"""Titles of columns of words; those of figures are aligned to the right."""
_EXTERNAL = ("class_accuracy", "mask_class_accuracy", "outlined", "outlined_without_tumour")


def bundle_readme(card: Card) -> str:
    """Write the README of a bundle in Markdown; figures are rounded to three decimals."""
    sections = {
        "Intended use": card.intended_use,
        "Input": _input(card),
        "Output": _output(card),
        "Data": _data(card),
        "Training": _training(card),
        "Metrics": _metrics(card),
        "Limits": _bullets(card.limits),
        "Licence": f"{card.licence}.",
        "Changelog": _changelog(card),
    }
    head = f"# {card.title}\n\n`{card.name}`, version {card.version}. {card.about}\n"
    note = "Written from card.json, which states every figure and setting, by `python -m core card`.\n"
    parts = [f"## {title}\n\n{text.rstrip()}\n" for title, text in sections.items() if text]
    return "\n".join([head, *parts, f"---\n\n{note}"])


def _input(card: Card) -> str:
    spec = card.input
    low, high = spec.range
    size = f"{spec.height} x {spec.width} pixels, {_counted(spec.channels, 'channel')}"
    what = "One MRI slice between the slice before and the slice after it" if spec.neighbours else "One MRI slice"
    return f"{what} as {size}, {spec.dtype}, from {low:g} to {high:g}: {spec.description}."


def _output(card: Card) -> str:
    lines = [f"Tasks: {join_words(card.tasks)}.", f"Classes, in the order of the output: {join_words(card.classes)}."]
    if card.output.mask_classes:
        lines.append(f"Channels of the mask: {join_words(card.output.mask_classes)}.")
    if card.output.threshold is not None:
        rule = f": {card.output.threshold_rule}" if card.output.threshold_rule else ""
        lines.append(f"A pixel counts as tumour from a probability of {card.output.threshold:g}{rule}.")
    if card.output.test_time_flip:
        lines.append("Probabilities are means over the slice and its mirror image.")
    if card.gate:
        lines.append(f"Gate: {card.gate.about}")
    return _bullets(lines)


def _data(card: Card) -> str:
    data, counts, address = card.data, card.data.counts, f"doi.org/{card.data.dataset.doi}"
    counterpart = f" `{data.by_patient_bundle}` has a patient-level split." if data.by_patient_bundle else ""
    others = (
        f"{counts.test} test slices, which also stopped the training"
        if data.test_stopped_training
        else f"{counts.validation} to choose on, {counts.test} held out as test slices"
    )
    return (
        f"{data.dataset.name}, [{address}](https://{address}), {data.dataset.licence}.\n\n"
        f"Split `{data.split}`, {split_level(data.by_patient)}: {counts.train} slices to train on, {others}; "
        f"{data.held_out}.{counterpart}"
    )


def _training(card: Card) -> str:
    run = card.training
    settings = {name: value for name, value in run.recipe.items() if name != "augmentation"}
    lines = [
        f"Network: `{card.network.name}` with {card.parameters.total:,} parameters, "
        f"{card.parameters.trainable:,} of them trainable.",
        f"Recipe: {_settings(settings)}.",
    ]
    if run.recipe.get("augmentation"):
        lines.append(f"Augmentation: {_settings(run.recipe['augmentation'])}.")
    if run.origin:
        lines.append(f"As the report states: {join_words(run.origin.stated)}.")
        lines += [f"Chosen, {name}: {why}" for name, why in run.origin.chosen.items()]
    if run.pretrained:
        lines.append(f"Pretrained weights: {run.pretrained.name}; {run.pretrained.licence}.")
    if run.start:
        lines.append(f"Begun with the network of `{run.start}`, trained on the same split.")
    lines.append(
        f"Run: {run.epochs_run} epochs, of which epoch {run.epoch_kept} is kept, in {run.seconds / 60:.0f} min "
        f"({run.machine})."
    )
    return _bullets(lines)


def _settings(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_setting(value)}" for name, value in settings.items())


def _setting(value: Any) -> str:
    if isinstance(value, list):
        return " and ".join(map(_setting, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _metrics(card: Card) -> str:
    metrics = card.metrics
    if metrics.test is None:
        return ""
    parts = [_test_table(card, metrics.test)]
    if metrics.without_neighbours:
        parts.append(_table_alone(card, metrics.without_neighbours))
    if metrics.test.per_class:
        parts.append(_class_table(metrics.test))
    if metrics.cross_validation:
        parts.append(_fold_table(metrics.cross_validation))
    if metrics.external:
        parts.append(_external_tables(metrics.external))
    if metrics.robustness:
        parts.append(_robustness_table(metrics.robustness))
    if card.times:
        parts.append(
            f"Inference of one slice takes {card.times.one_slice_seconds * 1000:.0f} ms ({card.times.machine})."
        )
    return "\n\n".join(parts)


def _test_table(card: Card, test: TestMetrics) -> str:
    values = {name: getattr(test, name, None) for name in _TITLES}
    if not card.data.by_patient:
        # Test patients are in training too, and the value would mean nothing.
        del values["patient_accuracy"]
    rows = [
        [_TITLES[name], f"{value:.3f}", card.metrics.definitions.get(name, "")]
        for name, value in values.items()
        if value is not None
    ]
    size = ""
    if SEGMENTATION in card.tasks and "own_size" in card.metrics.definitions:
        size = f" {card.metrics.definitions['own_size'].capitalize()}."
    between = ", each between its neighbours" if card.input.neighbours else ""
    head = f"On the {test.slices} test slices, of {test.patients} patients{between}.{size}"
    return f"{head}\n\n{markdown_table(['Metric', 'Value', 'Definition'], rows, words=_WORDS)}"


def _table_alone(card: Card, alone: WithoutNeighbours) -> str:
    between = card.metrics.test
    rows = [
        [_TITLES[name], f"{getattr(alone, name):.3f}", f"{getattr(between, name):.3f}"]
        for name in _TITLES
        if name in WithoutNeighbours.model_fields
    ]
    table = markdown_table(["Metric", "Alone", "Between neighbours"], rows, words=_WORDS)
    return f"The same slices, each given alone, without its neighbours:\n\n{table}"


def _class_table(test: TestMetrics) -> str:
    rows = [
        [name, f"{each.precision:.3f}", f"{each.recall:.3f}", f"{each.f1:.3f}", f"{each.support}"]
        for name, each in test.per_class.items()
    ]
    return markdown_table(["Class", "Precision", "Recall", "F1", "Slices"], rows, words=_WORDS)


def _fold_table(folds: CrossValidation) -> str:
    rows = [
        [_TITLES[name], f"{figure.mean:.3f}" if figure.std is None else f"{figure.mean:.3f} ± {figure.std:.3f}"]
        for name, figure in folds.figures.items()
        if name in _TITLES
    ]
    head = f"Trained once for each of {_counted(len(folds.folds_done), 'official fold')}, on patient-level splits:"
    return f"{head}\n\n{markdown_table(['Metric', 'Mean ± standard deviation over folds'], rows, words=_WORDS)}"


def _external_tables(external: ExternalMetrics) -> str:
    measured = external if external.slices else external.dev
    if measured is None:
        return ""
    which = "test" if external.slices else "dev"
    values = {name: getattr(measured, name) for name in _EXTERNAL}
    rows = [
        [external.definitions.get(name, name), f"{value:.3f}"] for name, value in values.items() if value is not None
    ]
    head = f"On {sum(measured.slices.values())} slices from elsewhere (the external set's split {which}):"
    parts = [f"{head}\n\n{markdown_table(['Share', 'Value'], rows, words=_WORDS)}"]
    if external.aims:
        aims = [
            [external.definitions.get(name, name), aim.aim, "" if aim.reached is None else f"{aim.reached:.3f}"]
            for name, aim in external.aims.items()
        ]
        table = markdown_table(["Share", "Aim", "Reached"], aims, words=_WORDS)
        parts.append(f"The gate, beside the aims set before:\n\n{table}")
    return "\n\n".join(parts)


def _robustness_table(robustness: Robustness) -> str:
    measured = {name: _TITLES[name] for name in robustness.unaltered.as_dict()}
    rows = [
        [CHANGE_TITLES.english[change], *(f"{getattr(figures, name):.3f}" for name in measured)]
        for change, figures in robustness.by_change.items()
    ]
    head = f"On {robustness.slices} test slices, changed as files, viewers and scanners do:"
    return f"{head}\n\n{markdown_table(['Change', *measured.values()], rows, words=_WORDS)}"


def _changelog(card: Card) -> str:
    newest_first = reversed(card.changelog)
    return _bullets(f"{change.version}, {change.date}: {change.change}" for change in newest_first)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _bullets(lines: Iterable[str]) -> str:
    return "".join(f"- {line}\n" for line in lines)
