"""Check a bundle: its card, its files, its figures, and what its README says."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core.bundles.bundle import CARD, PREDICTIONS, README, Bundle, open_bundle
from core.bundles.card.readme import bundle_readme
from core.check.figures import SOURCES, Difference, Source, compare_figures, stated_at
from core.dataset import splits
from core.errors import SliceScopeError
from core.evaluation.card_definitions import definition_changes
from core.ood.gate_recipe import gate_text_changes
from core.translation.messages import Message

_UNREADABLE = (LookupError, TypeError, ValueError)
"""What reading a file with other columns or values raises."""


@dataclass(frozen=True)
class Checked:
    """What was checked.

    Attributes:
        name: of a bundle, a file or a search.
        counts: how much was checked, in words.
        faults: a sentence each.
    """

    name: str
    counts: Message
    faults: tuple[Message, ...]


def check_bundle(name: str, models: Path | None = None) -> Checked:
    """Check a bundle; nothing is raised, every fault is told.

    Args:
        name: the bundle's.
        models: the folder of bundles; ``core.config.models_folder()`` if None.
    """
    try:
        bundle = open_bundle(name, models)
    except SliceScopeError as error:
        return Checked(name, Message("no file"), (error.message,))
    figures, faults = 0, [*_file_faults(bundle), *_text_faults(bundle), *_row_faults(bundle)]
    for source in SOURCES:
        count, found = _figure_faults(bundle, source)
        figures += count
        faults += found
    # A file that cannot be read is told once, whatever reads it.
    counts = Message("{files} files, {figures} figures", files=len(bundle.card.files), figures=figures)
    return Checked(name, counts, tuple(dict.fromkeys(faults)))


def _file_faults(bundle: Bundle) -> Iterator[Message]:
    """Tell of files that are missing or altered, and of others than those of the card."""
    for file in bundle.card.files:
        try:
            bundle.path(file)
        except SliceScopeError as error:
            yield error.message
    for path in sorted(bundle.folder.iterdir()):
        if path.name not in {*bundle.card.files, CARD, README}:
            yield Message(
                "The card of the bundle '{name}' does not list {file}; remove it.", name=bundle.name, file=path.name
            )


def _text_faults(bundle: Bundle) -> Iterator[Message]:
    """Tell of texts that are not what code, recipes and card make of them."""
    readme = bundle.folder / README
    if not readme.is_file():
        yield Message(
            "The bundle '{name}' has no {file}; 'python -m core card {name}' writes it again.",
            name=bundle.name,
            file=README,
        )
    elif readme.read_text(encoding="utf-8") != bundle_readme(bundle.card):
        yield Message(
            "{file} of the bundle '{name}' is not what its card says; 'python -m core card {name}' writes it again.",
            file=README,
            name=bundle.name,
        )
    card = bundle.card
    if card.changed({**definition_changes(card), **gate_text_changes(card)}) != card:
        yield Message(
            "Definitions in the card of the bundle '{name}' are not those of the code; 'python -m core card {name}' "
            "writes it again.",
            name=bundle.name,
        )


def _row_faults(bundle: Bundle) -> Iterator[Message]:
    """Tell of predictions that are not of the data set's slices, or not of the card's split."""
    if PREDICTIONS not in bundle.card.files:
        return
    try:
        rows = pd.read_csv(bundle.path(PREDICTIONS))
        parts = splits.split_parts(bundle.card.data.split)
        expected = splits.index_table()[["slice", "class", "patient"]].assign(part=parts.to_numpy())
        same = rows[["slice", "true", "patient", "part"]].to_numpy().tolist() == expected.to_numpy().tolist()
    except SliceScopeError as error:
        yield error.message
    except _UNREADABLE:
        yield _unreadable(bundle, PREDICTIONS)
    else:
        if not same:
            yield Message(
                "{file} of the bundle '{name}' has other slices or parts than the split '{split}'; 'python -m core "
                "evaluate {name}' writes it again.",
                file=PREDICTIONS,
                name=bundle.name,
                split=bundle.card.data.split,
            )


def _figure_faults(bundle: Bundle, source: Source) -> tuple[int, list[Message]]:
    """Return how many figures a file decides, and a sentence for each that the card states otherwise."""
    card = bundle.card.as_dict()
    if source.file not in bundle.card.files:
        if source.stated_by and stated_at(card, source.stated_by) is not None:
            fault = Message(
                "The card of the bundle '{name}' lists no {file}; take the whole folder models/{name} from the project "
                "again.",
                name=bundle.name,
                file=source.file,
            )
            return 0, [fault]
        return 0, []
    try:
        computed = source.compute(bundle)
    except SliceScopeError as error:
        return 0, [error.message]
    except _UNREADABLE:
        return 0, [_unreadable(bundle, source.file)]
    if not computed:
        return 0, []
    compared = list(compare_figures(source.place, stated_at(card, source.place), computed, source.smallest))
    differences = [difference for difference in compared if difference is not None]
    return len(compared), [_sentence(bundle, source, difference) for difference in differences]


def _sentence(bundle: Bundle, source: Source, difference: Difference) -> Message:
    values = {
        "place": difference.place,
        "name": bundle.name,
        "file": source.file,
        "computed": _short(difference.computed),
        "command": f"python -m core {source.command.format(bundle.name)}",
    }
    if difference.stated is None:
        return Message(
            "{place} in the card of the bundle '{name}' is missing, but {file} decides it; '{command}' writes it "
            "again.",
            **values,
        )
    return Message(
        "{place} in the card of the bundle '{name}' is {stated}, but {computed} by {file}; '{command}' writes it "
        "again.",
        stated=_short(difference.stated),
        **values,
    )


def _short(value: object) -> Message | str:
    return Message("{number:.6g}", number=value) if isinstance(value, float | int) else str(value)


def _unreadable(bundle: Bundle, file: str) -> Message:
    return Message(
        "{file} of the bundle '{name}' cannot be read; take the whole folder models/{name} from the project again.",
        file=file,
        name=bundle.name,
    )
