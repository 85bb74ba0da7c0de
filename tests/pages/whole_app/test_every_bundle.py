"""Every shipped bundle opens on every page that offers it, in every view."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.bundles.bundle import LITE, REPORT_CLASSIFIER, REPORT_SEGMENTER, bundle_names, open_bundle
from core.bundles.listing import list_bundles
from core.config import CLASSIFICATION, SEGMENTATION
from core.inference.runtime import conversion_path
from core.search.names import search_names
from core.training.lite import convert_bundle
from panels.shared.model_choice import CUSTOM_NETWORKS, choice_title, model_address
from tests.pages.situations import opened

pytestmark = pytest.mark.usefixtures("fresh_caches")


def names_of(task: str) -> set[str]:
    return set(list_bundles().evaluated(task))


def without_errors(app: AppTest, *chosen: Any) -> AppTest:
    assert not app.exception and not app.error, [chosen, *(each.value for each in (*app.exception, *app.error))]
    return app


def views(app: AppTest, select_key: str, view_key: str) -> Iterator[tuple[str, str]]:
    """Choose every option of a select box in every view, in one session; yield what was chosen.

    A view may draw other bundles' choices under the keys of its own.
    """
    for view in app.segmented_control(key=view_key).options:
        app.segmented_control(key=view_key).set_value(view)
        for name in app.selectbox(key=select_key).options:
            without_errors(app.selectbox(key=select_key).set_value(name).run(), name, view)
            yield name, view


@pytest.mark.parametrize(
    ("page", "select_key", "view_key", "expected"),
    [
        ("errors", "class_by", "view", lambda: names_of(CLASSIFICATION)),
        ("masks", "mask_by", "view", lambda: names_of(SEGMENTATION)),
        ("models", "bundle", "view", lambda: set(bundle_names())),
    ],
    ids=["errors", "masks", "models"],
)
def test_every_bundle_opens_in_every_view(
    page: str, select_key: str, view_key: str, expected: Callable[[], set[str]]
) -> None:
    app = opened(page, networks=CUSTOM_NETWORKS)
    chosen = list(views(app, select_key, view_key))
    assert {name for name, _ in chosen} == set(map(choice_title, expected()))
    assert len(chosen) == len(expected()) * len(app.segmented_control(key=view_key).options)


def test_every_section_of_models_opens() -> None:
    app = opened("models")
    for section in app.segmented_control(key="show").options:
        without_errors(app.segmented_control(key="show").set_value(section).run(), section)


def test_every_bundle_is_compared_with_every_other() -> None:
    app = opened("errors", view="Compare")
    for name in app.selectbox(key="other").options:
        without_errors(app.selectbox(key="other").set_value(name).run(), name)


def test_training_opens_every_bundle() -> None:
    """A unified network's recipe names a loss for each output, which took the page down."""
    app = opened("training")
    for kind, task in (("Classifiers", CLASSIFICATION), ("Masks", SEGMENTATION)):
        app.segmented_control(key="kind").set_value(kind).run()
        assert set(map(choice_title, names_of(task))) <= set(app.multiselect(key=kind.lower()).options)
        for name in names_of(task):
            without_errors(app.multiselect(key=kind.lower()).set_value([name]).run(), kind, name)


def test_explain_opens_every_bundle() -> None:
    for output, key, task in (("predicted", "class_by", CLASSIFICATION), ("mask", "mask_by", SEGMENTATION)):
        app = opened("explain", networks=CUSTOM_NETWORKS, **{"class": output})
        assert len(app.selectbox(key=key).options) == len(names_of(task))
        for name in names_of(task):
            without_errors(app.selectbox(key=key).set_value(name).run(), name)


def test_every_search_and_the_external_data_open() -> None:
    app = opened("tuning")
    assert set(map(choice_title, search_names())) == set(app.segmented_control(key="search").options)
    for name in search_names():
        without_errors(app.segmented_control(key="search").set_value(name).run(), name)
    without_errors(opened("external"))


@pytest.fixture
def converted() -> None:
    """Bundles without a LiteRT file are converted, all in this process; the app starts one for each."""
    for bundle in map(open_bundle, bundle_names()):
        path = conversion_path(bundle)
        if LITE not in bundle.card.files and not path.is_file():
            convert_bundle(bundle, path)


@pytest.mark.usefixtures("converted")
def test_analyse_answers_with_every_bundle() -> None:
    for name in names_of(CLASSIFICATION) | names_of(SEGMENTATION):
        bundle = open_bundle(name)
        classifier = bundle if CLASSIFICATION in bundle.tasks else open_bundle(REPORT_CLASSIFIER)
        segmenter = bundle if SEGMENTATION in bundle.tasks else open_bundle(REPORT_SEGMENTER)
        app = opened("analyse", sample="glioma-axial-1", **model_address(classifier.name, segmenter.name))
        assert without_errors(app, name).session_state["predictions"], name
