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

_AGAIN = "take the whole folder models/{} from the project again"
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
    counts: str
    faults: tuple[str, ...]


def check_bundle(name: str, models: Path | None = None) -> Checked:
    """Check a bundle; nothing is raised, every fault is told.

    Args:
        name: the bundle's.
        models: the folder of bundles; ``core.config.models_folder()`` if None.
    """
    try:
        bundle = open_bundle(name, models)
    except SliceScopeError as error:
        return Checked(name, "no file", (str(error),))
    figures, faults = 0, [*_file_faults(bundle), *_text_faults(bundle), *_row_faults(bundle)]
    for source in SOURCES:
        count, found = _figure_faults(bundle, source)
        figures += count
        faults += found
    # A file that cannot be read is told once, whatever reads it.
    return Checked(name, f"{len(bundle.card.files)} files, {figures} figures", tuple(dict.fromkeys(faults)))


def _file_faults(bundle: Bundle) -> Iterator[str]:
    """Tell of files that are missing or altered, and of others than those of the card."""
    for file in bundle.card.files:
        try:
            bundle.path(file)
        except SliceScopeError as error:
            yield str(error)
    for path in sorted(bundle.folder.iterdir()):
        if path.name not in {*bundle.card.files, CARD, README}:
            yield f"The card of the bundle '{bundle.name}' does not list {path.name}; remove it."


def _text_faults(bundle: Bundle) -> Iterator[str]:
    """Tell of texts that are not what code, recipes and card make of them."""
    written = f"'python -m core card {bundle.name}' writes it again."
    readme = bundle.folder / README
    if not readme.is_file():
        yield f"The bundle '{bundle.name}' has no {README}; {written}"
    elif readme.read_text(encoding="utf-8") != bundle_readme(bundle.card):
        yield f"{README} of the bundle '{bundle.name}' is not what its card says; {written}"
    card = bundle.card
    if card.changed({**definition_changes(card), **gate_text_changes(card)}) != card:
        yield f"Definitions in the card of the bundle '{bundle.name}' are not those of the code; {written}"


def _row_faults(bundle: Bundle) -> Iterator[str]:
    """Tell of predictions that are not of the data set's slices, or not of the card's split."""
    if PREDICTIONS not in bundle.card.files:
        return
    try:
        rows = pd.read_csv(bundle.path(PREDICTIONS))
        parts = splits.split_parts(bundle.card.data.split)
        expected = splits.index_table()[["slice", "class", "patient"]].assign(part=parts.to_numpy())
        same = rows[["slice", "true", "patient", "part"]].to_numpy().tolist() == expected.to_numpy().tolist()
    except SliceScopeError as error:
        yield str(error)
    except _UNREADABLE:
        yield _unreadable(bundle, PREDICTIONS)
    else:
        if not same:
            yield (
                f"{PREDICTIONS} of the bundle '{bundle.name}' has other slices or parts than the split "
                f"'{bundle.card.data.split}'; 'python -m core evaluate {bundle.name}' writes it again."
            )


def _figure_faults(bundle: Bundle, source: Source) -> tuple[int, list[str]]:
    """Return how many figures a file decides, and a sentence for each that the card states otherwise."""
    card = bundle.card.as_dict()
    if source.file not in bundle.card.files:
        if source.stated_by and stated_at(card, source.stated_by) is not None:
            return 0, [f"The card of the bundle '{bundle.name}' lists no {source.file}; {_AGAIN.format(bundle.name)}."]
        return 0, []
    try:
        computed = source.compute(bundle)
    except SliceScopeError as error:
        return 0, [str(error)]
    except _UNREADABLE:
        return 0, [_unreadable(bundle, source.file)]
    if not computed:
        return 0, []
    compared = list(compare_figures(source.place, stated_at(card, source.place), computed, source.smallest))
    differences = [difference for difference in compared if difference is not None]
    return len(compared), [_sentence(bundle, source, difference) for difference in differences]


def _sentence(bundle: Bundle, source: Source, difference: Difference) -> str:
    place = f"{difference.place} in the card of the bundle '{bundle.name}'"
    again = f"'python -m core {source.command.format(bundle.name)}' writes it again."
    if difference.stated is None:
        return f"{place} is missing, but {source.file} decides it; {again}"
    stated, computed = (_short(value) for value in (difference.stated, difference.computed))
    return f"{place} is {stated}, but {computed} by {source.file}; {again}"


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _unreadable(bundle: Bundle, file: str) -> str:
    return f"{file} of the bundle '{bundle.name}' cannot be read; {_AGAIN.format(bundle.name)}."
