"""Check everything that ships with figures: every bundle, the documents' tables, and the searches."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from core.bundles.bundle import bundle_names
from core.bundles.card.schema import SCHEMA, card_schema
from core.check.bundles import Checked, check_bundle
from core.config import models_folder
from core.errors import SliceScopeError
from core.evaluation.comparison.documents import DOCUMENTS, Tables, check_tables
from core.search.names import search_names
from core.search.results import ALL_SAMPLERS, FULL_SIZE, IMPORTANCE, SearchResults, read_search
from core.translation.messages import Message

_ROUNDING = 1e-3
"""Difference from 1 of a sum of shares that are rounded to four digits."""


def check_project(
    models: Path | None = None, documents: Mapping[Path, Tables] = DOCUMENTS, searches: Path | None = None
) -> Iterator[Checked]:
    """Check every bundle, the cards' schema, the documents' tables and every search; nothing is raised.

    Args:
        models: the folder of bundles; ``core.config.models_folder()`` if None.
        documents: with tables of the bundles' figures, and what makes these.
        searches: the folder of searches; ``core.config.searches_folder()`` if None.
    """
    for name in bundle_names(models):
        yield check_bundle(name, models)
    yield from _check_schema(models)
    for path, tables in documents.items():
        yield _check_document(path, tables, models)
    for name in search_names(searches):
        yield check_search(name, searches)


def _check_schema(models: Path | None) -> Iterator[Checked]:
    """Check that the schema beside the bundles, where there is one, is that of the cards which were read."""
    path = (models or models_folder()) / SCHEMA
    if path.is_file():
        same = path.read_text(encoding="utf-8") == card_schema()
        fault = Message(
            "{file} is not the schema of the code; 'python -m core card --schema' writes it again.", file=SCHEMA
        )
        yield Checked(SCHEMA, Message("schema"), () if same else (fault,))


def _check_document(path: Path, tables: Tables, models: Path | None) -> Checked:
    try:
        check_tables(path, tables, models)
    except SliceScopeError as error:
        return Checked(path.name, Message("tables"), (error.message,))
    return Checked(path.name, Message("tables"), ())


def check_search(name: str, searches: Path | None = None) -> Checked:
    """Check the files of a search against each other; nothing is raised, every fault is told."""
    place = f"searches/{name}"
    try:
        results = read_search(name, searches)
    except SliceScopeError as error:
        return Checked(place, Message("no trial"), (error.message,))
    return Checked(place, Message("{count} trials", count=len(results.trials)), tuple(_search_faults(results)))


def _search_faults(results: SearchResults) -> Iterator[Message]:
    name = results.plan.name
    if results.full_size is not None and len(results.current_full_size) != len(results.full_size):
        yield Message(
            "{file} of searches/{name} has trials that are not in trials.csv; remove their rows.",
            file=FULL_SIZE,
            name=name,
        )
    for sampler, shares in results.importance.items():
        if sampler not in (*results.samplers, ALL_SAMPLERS) or not set(shares) <= set(results.settings):
            yield Message(
                "{file} of searches/{name} has a sampler or a setting that trials.csv lacks; 'python -m core search "
                "{name}' writes it again.",
                file=IMPORTANCE,
                name=name,
            )
        elif abs(sum(shares.values()) - 1) > _ROUNDING:
            yield Message(
                "The shares of {sampler} in {file} of searches/{name} do not sum to 1; 'python -m core search {name}' "
                "writes it again.",
                sampler=sampler,
                file=IMPORTANCE,
                name=name,
            )
