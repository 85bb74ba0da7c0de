"""The bundles that pages use, and the choice among them.

A bundle that cannot be used is named and left out. Where it is the default, or the address or the session has chosen
it, its name stands in the choice, and what is found is the sentence that says why: no other bundle takes its place.
"""

import functools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core.bundles.bundle import (
    CARD,
    DEFAULT_CLASSIFIER,
    DEFAULT_SEGMENTER,
    REPORT_CLASSIFIER,
    REPORT_SEGMENTER,
    Bundle,
    bundle_names,
)
from core.bundles.listing import BundleListing, list_bundles
from core.config import CLASSIFICATION, SEGMENTATION, models_folder
from core.errors import BundleError
from panels.shared.cache import cached_predictions
from panels.shared.controls import accept_former_options, errors_in_one_sentence
from panels.shared.theme import error_text

UNIFIED_NETWORK, REPORT_NETWORKS, CUSTOM_NETWORKS = "Unified U-Net", "Report CNN + U-Net", "Custom"
"""Titles of the choices, also values in the address."""
_FORMER_TITLES = {
    "One network for both": UNIFIED_NETWORK,
    "The report's two": REPORT_NETWORKS,
    "Others": CUSTOM_NETWORKS,
}
_NETWORKS, _CLASS_BY, _MASK_BY = "networks", "class_by", "mask_by"
"""Keys of the widgets, also names in the address."""
_PAIRS = {
    UNIFIED_NETWORK: (DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER),
    REPORT_NETWORKS: (REPORT_CLASSIFIER, REPORT_SEGMENTER),
}


def listed_bundles() -> BundleListing:
    """Return the bundles of the models folder; cards are read again once one has changed."""
    models = models_folder()
    return _list_bundles(models, tuple(_card_state(models / name) for name in bundle_names(models)))


def _card_state(folder: Path) -> tuple[str, int, int]:
    card = folder / CARD
    state = card.stat() if card.is_file() else None
    return folder.name, state.st_mtime_ns if state else 0, state.st_size if state else 0


@functools.lru_cache(maxsize=4)
def _list_bundles(models: Path, cards: tuple[tuple[str, int, int], ...]) -> BundleListing:
    return list_bundles(models)


def draw_broken_bundles() -> None:
    """Draw a sentence for each bundle that cannot be used."""
    for problem in listed_bundles().problems.values():
        st.warning(error_text(problem), icon=":material/warning:")


def evaluated_bundle(name: str | None) -> Bundle | None:
    """Return the bundle of this name if it can be used and has test metrics, else None."""
    bundle = listed_bundles().bundles.get(name or "")
    return bundle if bundle and bundle.is_evaluated else None


def evaluated_bundle_names(task: str) -> list[str]:
    """Return the names of the evaluated bundles for a task, the report's first.

    Raises:
        BundleError: there is none.
    """
    names = listed_bundles().evaluated(task)
    if not names:
        raise BundleError(f"There is no evaluated bundle for {task}; train and evaluate one, or take models/ again.")
    return names


def readable_bundles(bundles: Iterable[Bundle]) -> list[Bundle]:
    """Return the bundles whose stored predictions can be read, or that have none; draw the sentence of each other."""
    readable = []
    for bundle in bundles:
        with errors_in_one_sentence():
            if bundle.is_evaluated:
                cached_predictions(bundle)
            readable.append(bundle)
    return readable


def default_bundle(task: str) -> Bundle:
    """Return the report's bundle for a task or, where there is none of its name, the first evaluated one.

    Raises:
        BundleError: the report's cannot be used, or there is no evaluated one.
    """
    report, listing = _PAIRS[REPORT_NETWORKS][task == SEGMENTATION], listed_bundles()
    return listing.find(report if report in listing.problems else evaluated_bundle_names(task)[0])


def choose_bundle(label: str, names: Sequence[str], *, key: str, default: str | None = None, **options: Any) -> str:
    """Draw a select box of bundles whose choice stands in the address; return the chosen name.

    ``listed_bundles().find`` refuses the name of a bundle that cannot be used.

    Args:
        label: of the box.
        names: of usable bundles.
        key: of the box, and its name in the address.
        default: the bundle that is chosen at first; the first of ``names`` if None or where there is no such bundle.
        options: further ones of ``st.selectbox``.
    """
    wanted = {default, st.session_state.get(key), st.query_params.get(key)}
    broken = [name for name in listed_bundles().problems if name in wanted]
    offered = sorted([*names, *broken], key=lambda name: name != default)
    return str(st.selectbox(label, offered, key=key, bind="query-params", **options))


def choose_networks() -> tuple[Bundle, Bundle]:
    """Draw the choice; return the classifier and the segmenter, the same bundle where one network does both.

    The address carries the choice, as ``networks_address`` writes it.

    Raises:
        BundleError: a chosen bundle cannot be used, or is not evaluated.
    """
    accept_former_options(_NETWORKS, _FORMER_TITLES)
    chosen = st.segmented_control(
        "Networks",
        [*_PAIRS, CUSTOM_NETWORKS],
        default=UNIFIED_NETWORK,
        required=True,
        wrap=True,
        key=_NETWORKS,
        bind="query-params",
        label_visibility="collapsed",
        width="stretch",
    )
    first, second = _PAIRS[chosen] if chosen != CUSTOM_NETWORKS else _choose_pair()
    return _find_evaluated(first), _find_evaluated(second)


def _choose_pair() -> tuple[str, str]:
    """Draw the choice of a classifier and a segmenter; return their names."""
    left, right = st.columns(2, gap="small")
    with left:
        names = evaluated_bundle_names(CLASSIFICATION)
        first = choose_bundle("Class by", names, key=_CLASS_BY, default=REPORT_CLASSIFIER)
    with right:
        names = evaluated_bundle_names(SEGMENTATION)
        second = choose_bundle("Mask by", names, key=_MASK_BY, default=REPORT_SEGMENTER)
    return first, second


def _find_evaluated(name: str) -> Bundle:
    bundle = listed_bundles().find(name)
    if not bundle.is_evaluated:
        raise BundleError(
            f"The bundle '{name}' is not evaluated; 'python -m core evaluate {name}' does it, or choose another."
        )
    return bundle


def networks_address(classifier: Bundle, segmenter: Bundle) -> dict[str, str]:
    """Return the query parameters of Analyse that choose these two bundles."""
    names = classifier.name, segmenter.name
    for title, pair in _PAIRS.items():
        if pair == names:
            return {_NETWORKS: title}
    return {_NETWORKS: CUSTOM_NETWORKS, _CLASS_BY: names[0], _MASK_BY: names[1]}
