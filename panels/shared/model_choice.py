"""The bundles that pages use, and the one choice of a model that the frame draws for all of them.

A bundle that cannot be used is named and left out. Where it is the default, or the address or the session has chosen
it, its name stands in the choice, and what is found is the sentence that says why: no other bundle takes its place.
"""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

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
from core.translation.language import ENGLISH, speaking
from core.translation.messages import mark, tr
from panels.shared.cache import cached_predictions
from panels.shared.controls import errors_in_one_sentence
from panels.shared.link import address
from panels.shared.theme import error_text

UNIFIED_NETWORK, REPORT_NETWORKS, CUSTOM_NETWORKS = mark("Unified U-Net"), mark("Report CNN + U-Net"), mark("Custom")
"""Choices that are no single bundle's name, also values in the address; the first is the default bundle's."""
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
_CHOSEN = "chosen_model"


@dataclass(frozen=True)
class ChosenModel:
    """The bundles that every page answers with.

    Attributes:
        class_by: name of the bundle that gives the class; None where no bundle is evaluated for it.
        mask_by: name of the bundle that gives the mask; None likewise.
    """

    class_by: str | None = DEFAULT_CLASSIFIER
    mask_by: str | None = DEFAULT_SEGMENTER

    @property
    def classifier(self) -> Bundle:
        """The bundle that gives the class.

        Raises:
            BundleError: it cannot be used, or is not evaluated.
        """
        return _find_evaluated(self.class_by, CLASSIFICATION)

    @property
    def segmenter(self) -> Bundle:
        """The bundle that gives the mask; raises as ``classifier``."""
        return _find_evaluated(self.mask_by, SEGMENTATION)


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


def readable_bundles(bundles: Iterable[Bundle]) -> list[Bundle]:
    """Return the bundles whose stored predictions can be read, or that have none; draw the sentence of each other."""
    readable = []
    for bundle in bundles:
        with errors_in_one_sentence():
            if bundle.is_evaluated:
                cached_predictions(bundle)
            readable.append(bundle)
    return readable


def choice_title(name: str) -> str:
    """Return what a choice calls a bundle: its title, with its name where others share it or the card is broken."""
    bundles = listed_bundles().bundles
    if name not in bundles:
        return name
    title = bundles[name].title
    return title if sum(each.title == title for each in bundles.values()) == 1 else f"{title} ({name})"


def address_title(name: str) -> str:
    """Return what an address calls a bundle: its title in English, for addresses open in every language."""
    with speaking(ENGLISH):
        return choice_title(name)


def choose_bundle(
    label: str, names: Sequence[str], *, key: str, default: str | None = None, goes_along: bool = False, **options: Any
) -> str:
    """Draw a select box of bundles by title, whose choice stands in the address; return the chosen name.

    ``listed_bundles().find`` refuses the name of a bundle that cannot be used.

    Args:
        label: of the box.
        names: of usable bundles.
        key: of the box, and its name in the address.
        default: the bundle that is chosen at first; the first of ``names`` if None or where there is no such bundle.
        goes_along: see ``address.bound``.
        options: further ones of ``st.selectbox``.
    """
    wanted = {default, st.session_state.get(key), *address.asked(key)}
    broken = [name for name in listed_bundles().problems if name in wanted]
    offered = sorted([*names, *broken], key=lambda name: name != default)
    return str(
        address.bound(st.selectbox, label, offered, key=key, goes_along=goes_along, format_func=choice_title, **options)
    )


def choose_model(custom: DeltaGenerator, *, former: Iterable[str] = ()) -> None:
    """Draw the choice that holds on every page; ``chosen_model`` returns it.

    The address carries the choice, as ``model_address`` writes it.

    Args:
        custom: where the boxes of a choice of two bundles stand.
        former: names by which the page's address chose a bundle before.
    """
    for name in former:
        address.translate(name, bundle_address)
    listing = listed_bundles()
    known = {*listing.bundles, *listing.problems}
    pairs = [title for title, pair in _PAIRS.items() if known.issuperset(pair)]
    chosen = address.bound(
        st.selectbox,
        tr("Model"),
        [*pairs, *_both_tasks(), CUSTOM_NETWORKS],
        key=_NETWORKS,
        goes_along=True,
        former=_FORMER_TITLES,
        format_func=_model_title,
        label_visibility="collapsed",
    )
    if chosen == CUSTOM_NETWORKS:
        with custom:
            first = _choose_one(tr("Class by"), CLASSIFICATION, key=_CLASS_BY, default=REPORT_CLASSIFIER)
            second = _choose_one(tr("Mask by"), SEGMENTATION, key=_MASK_BY, default=REPORT_SEGMENTER)
        st.session_state[_CHOSEN] = ChosenModel(first, second)
    else:
        st.session_state[_CHOSEN] = ChosenModel(*_PAIRS.get(chosen, (chosen, chosen)))


def _choose_one(label: str, task: str, *, key: str, default: str) -> str | None:
    listing = listed_bundles()
    names = listing.evaluated(task)
    if not names and default not in listing.problems:
        return None
    return choose_bundle(label, names, key=key, default=default, goes_along=True)


def _both_tasks() -> list[str]:
    """Return the names of the bundles for both tasks beside the default, and of a chosen one that has broken."""
    listing = listed_bundles()
    segmenters = listing.evaluated(SEGMENTATION)
    names = [name for name in listing.evaluated(CLASSIFICATION) if name in segmenters and name != DEFAULT_CLASSIFIER]
    return [*names, *(name for name in listing.problems if name == st.session_state.get(_NETWORKS))]


def _model_title(choice: str) -> str:
    return tr(choice) if choice in (UNIFIED_NETWORK, REPORT_NETWORKS, CUSTOM_NETWORKS) else choice_title(choice)


def chosen_model() -> ChosenModel:
    """Return the bundles that every page answers with."""
    return st.session_state.get(_CHOSEN, ChosenModel())


def _find_evaluated(name: str | None, task: str) -> Bundle:
    if name is None:
        raise BundleError(
            "There is no evaluated bundle for {task}; train and evaluate one, or take models/ again.", task=task
        )
    bundle = listed_bundles().find(name)
    if not bundle.is_evaluated:
        raise BundleError(
            "The bundle '{name}' is not evaluated; 'python -m core evaluate {name}' does it, or choose another.",
            name=name,
        )
    return bundle


def model_address(classifier: str, segmenter: str) -> dict[str, str]:
    """Return the query parameters that choose these two bundles, by name, on any page."""
    for title, pair in _PAIRS.items():
        if pair == (classifier, segmenter):
            return {_NETWORKS: title}
    if classifier == segmenter and classifier in _both_tasks():
        return {_NETWORKS: address_title(classifier)}
    return {_NETWORKS: CUSTOM_NETWORKS, _CLASS_BY: address_title(classifier), _MASK_BY: address_title(segmenter)}


def bundle_address(name: str) -> dict[str, str] | None:
    """Return the query parameters that choose a bundle by its name, with the report's other network where it does one
    task, and on Explain its mask where it has no class; None where there is none of this name."""
    listing = listed_bundles()
    if name not in listing.bundles and name not in listing.problems:
        return None
    if name in listing.bundles and listing.find(name).reads_neighbours:
        return None  # no choice for single slices
    classifier, segmenter = _PAIRS[REPORT_NETWORKS]
    if name in (classifier, segmenter):
        address_of_model = model_address(classifier, segmenter)
    elif name == DEFAULT_CLASSIFIER or name in _both_tasks():
        address_of_model = model_address(name, name)
    elif name in listing.evaluated(SEGMENTATION):
        address_of_model = model_address(classifier, name)
    else:
        address_of_model = model_address(name, segmenter)
    has_class = name in listing.problems or CLASSIFICATION in listing.find(name).tasks
    return address_of_model if has_class else address_of_model | {"class": "mask"}
