"""The Errors page without a browser: matrix, filters, gallery, viewer, tables, confidence, comparison."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core import course_report
from core.bundles.bundle import open_bundle
from core.bundles.predictions import order_predictions, read_predictions, select_predictions
from core.config import CLASSES
from core.labels import CLASS_LABELS
from panels.shared import confusion_matrix
from panels.shared.confusion_matrix import COUNTS, ROW_SHARE
from panels.shared.model_choice import REPORT_NETWORKS, UNIFIED_NETWORK, choice_title
from panels.shared.theme import percent
from tests.pages import situations
from tests.pages.fragments import run_fragment
from tests.pages.situations import NOTHING, PATIENT, SITUATIONS, STORE, situation, sound
from tests.pages.test_analyse import texts

VIEWS = ("Matrix and slices", "Report's tables", "Confidence", "Two cells", "Compare")
NAME = "report-cnn"


def opened(page: str, /, **query: str) -> AppTest:
    """Open a page with the report's networks."""
    return situations.opened(page, **{"networks": REPORT_NETWORKS} | query)


@pytest.fixture
def here(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    name = getattr(request, "param", STORE)
    with situation(name, tmp_path, monkeypatch):
        yield name


def tiles(app: AppTest, key: str = "page") -> list[int]:
    """Numbers of the tiles that are shown."""
    keys = [button.key or "" for button in app.button]
    return [int(one.rpartition("_")[2]) for one in keys if one.startswith(f"{key}_tile_")]


@pytest.mark.parametrize("here", SITUATIONS, indirect=True)
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_in_every_situation(here: str, view: str) -> None:
    app = sound(opened("errors", view=view))
    assert app.title[0].value == "Errors"
    assert any(
        label == "View" and value == view for label, value in ((b.label, b.value) for b in app.get("button_group"))
    )


@pytest.mark.parametrize("here", (NOTHING,), indirect=True)
def test_each_cell_of_the_cards_matrix_has_as_many_slices(here: str) -> None:
    matrix = open_bundle(NAME).test_metrics.confusion_matrix
    for true, predicted in ((0, 1), (2, 2), (1, 0)):
        app = sound(
            opened("errors", true=CLASS_LABELS[CLASSES[true]].title, predicted=CLASS_LABELS[CLASSES[predicted]].title)
        )
        assert f"**{matrix[true][predicted]} slices**" in texts(app)


def test_a_press_sent_again_does_not_clear_the_cell_it_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = pd.DataFrame(0, index=CLASSES, columns=CLASSES)
    state: dict[str, object] = {}
    monkeypatch.setattr(confusion_matrix.st, "session_state", state)
    written: list[dict[str, list[str]]] = []
    monkeypatch.setattr(confusion_matrix, "change", written.append)
    for _ in range(2):
        confusion_matrix.choose_as_wished(counts, [0, 1])
        assert (state[confusion_matrix.TRUE_KEY], state[confusion_matrix.PREDICTED_KEY]) == CLASSES[:2]
    assert written == [{"true": [CLASSES[0]], "predicted": [CLASSES[1]]}], "one step of Back"
    for wish in (None, [0], [0, 3], [0, -1], "[0, 1, 2]", {"cell": 1}, [[0], 1]):
        confusion_matrix.choose_as_wished(counts, wish)
        assert state[confusion_matrix.TRUE_KEY] == CLASSES[0], "no cell"
    confusion_matrix.choose_as_wished(counts, [])
    assert (state[confusion_matrix.TRUE_KEY], state[confusion_matrix.PREDICTED_KEY]) == (None, None)


def test_a_cell_says_what_it_holds() -> None:
    counts = pd.DataFrame([[3, 1], [0, 4]], index=CLASSES[:2], columns=CLASSES[:2])
    data = confusion_matrix.matrix_data(counts, COUNTS, (CLASSES[0], None))
    words = [cell["words"] for row in data["cells"] for cell in row]
    assert words[1].startswith("True meningioma, predicted glioma: 1 slice, 25.0\xa0% of the row")
    assert words[3].startswith("True glioma, predicted glioma: 4 slices, 100.0\xa0% of the row")
    assert [[cell["chosen"] for cell in row] for row in data["cells"]] == [[True, True], [False, False]]
    assert not any(cell["exact"] for row in data["cells"] for cell in row), "a row is chosen, no cell"
    assert len({cell["colour"] for row in data["cells"] for cell in row}) == 4


def test_filters_order_and_page_do_the_same_from_the_address(here: str) -> None:
    app = opened("errors")
    app.selectbox(key="true").set_value("meningioma").run()
    app.toggle(key="wrong").set_value(True).run()
    sound(app.selectbox(key="sort").set_value("surest first").run())
    address = {"true": CLASS_LABELS["meningioma"].title, "wrong": "true", "sort": "highest confidence first"}
    again = sound(opened("errors", **address))
    table = select_predictions(read_predictions(open_bundle(NAME)), part="test", true="meningioma", only_wrong=True)
    expected = table.sort_values(["confidence", "slice"], ascending=[False, True])["slice"].tolist()
    assert tiles(again) == tiles(app) == expected[: len(tiles(app))]
    assert len(expected) > len(tiles(app)) > 5, "there is another page"
    labels = [app.button(key=f"page_tile_{number}").label for number in tiles(app)]
    assert all(CLASS_LABELS["meningioma"].short in label for label in labels), "a wrong slice's tile has its true class"
    second = sound(opened("errors", **address, page="2"))
    assert tiles(second) == expected[len(tiles(app)) : 2 * len(tiles(app))]


def test_what_cells_show_and_the_page_of_tiles_draw_their_part_of_the_page_alone(here: str) -> None:
    app = sound(opened("errors"))
    first = tiles(app)
    sound(
        run_fragment(
            app,
            app.segmented_control(key="cells").set_value(ROW_SHARE),
            cells=ROW_SHARE,
        )
    )
    assert not app.title and not tiles(app) and len(app.get("bidi_component")) == 1
    sound(app.run())
    assert app.segmented_control(key="cells").value == ROW_SHARE
    sound(run_fragment(app, app.pagination(key="page").set_value(30), page="30"))
    assert not app.title and not app.get("bidi_component")
    assert tiles(app) and not set(tiles(app)) & set(first)
    app.session_state["true"], app.session_state["wrong"] = "meningioma", True
    assert sound(app.run()).title
    assert app.segmented_control(key="cells").value == ROW_SHARE and app.pagination(key="page").value < 30
    assert not app.warning, "a page of tiles that is no more was not asked for by the address"


def test_an_order_opens_under_the_name_it_had_in_addresses_before(here: str) -> None:
    now, before = (sound(opened("errors", sort=name)) for name in ("highest confidence first", "surest first"))
    assert before.selectbox(key="sort").value == now.selectbox(key="sort").value == "surest first"
    assert tiles(before) == tiles(now)
    sound(before.selectbox(key="sort").set_value("slice number").run())
    assert tiles(before) == sorted(tiles(before)), "another order can be chosen"


def test_fewer_slices_than_the_page_in_the_address_needs_show_the_last_page(here: str) -> None:
    app = opened("errors", page="40")
    assert tiles(sound(app))
    sound(app.number_input(key="patient").set_value(5).run())
    assert tiles(app)


@pytest.mark.parametrize(
    "address",
    ({"true": "ghost"}, {"slice": "abc"}, {"slice": "99999999"}, {"page": "-1"}, {"bundle": "x"}, {"view": "y"}),
)
def test_nonsense_in_the_address_opens_the_page_as_if_it_were_not_there(here: str, address: dict[str, str]) -> None:
    assert len(tiles(sound(opened("errors", **address)))) > 5


def test_filters_that_let_nothing_through_say_so(here: str) -> None:
    app = opened("errors", true=CLASS_LABELS["pituitary"].title, predicted=CLASS_LABELS["meningioma"].title)
    sound(app.slider(key="confidence").set_value((0, 10)).run())
    assert "No slice passes" in "\n".join(one.value for one in app.info)


def test_training_slices_are_marked_as_such(here: str) -> None:
    app = sound(opened("errors", part="Training", patient=str(PATIENT)))
    assert ":material/school:" in texts(app)
    parts = read_predictions(open_bundle(NAME)).set_index("slice")["part"]
    assert tiles(app) and set(parts[tiles(app)]) == {"train"}


def test_a_tile_opens_its_slice_with_its_patients_others(here: str) -> None:
    app = opened("errors", patient=str(PATIENT))
    number = tiles(app)[0]
    sound(run_fragment(app, app.button(key=f"page_tile_{number}").click()))
    assert app.title, "the page is drawn as a whole, with the dialog"
    assert app.query_params["slice"] == str(number)
    text = texts(app)
    assert f"slices of patient {PATIENT}" in text and "True class" in text and "Dice" in text
    others = tiles(app, "viewer")
    assert others and number not in others


def test_the_reports_tables_stand_beside_ours(here: str) -> None:
    app = sound(opened("errors", view="Report's tables"))
    fourth, third = (element.value for element in app.dataframe[:2])
    assert fourth["Recall, report"].tolist()[0] == course_report.TABLE_4["meningioma"].recall
    ours = open_bundle(NAME).test_metrics.per_class
    assert fourth["Recall, ours"].tolist()[:3] == [ours[name].recall for name in course_report.TABLE_4]
    assert third["Slice"].tolist() == [str(one.slice) for one in course_report.TABLE_3]
    assert {choice_title(NAME), choice_title("report-cnn-patients")} <= set(third.columns)
    assert any("(training)" in cell for cell in third[choice_title(NAME)])


def test_two_bundles_are_compared_on_slices_neither_trained_on(here: str) -> None:
    app = sound(opened("errors", view="Compare", other="report-cnn-patients"))
    first, second = (
        select_predictions(read_predictions(open_bundle(name)), part="test").set_index("slice")
        for name in (NAME, "report-cnn-patients")
    )
    both = first.index.intersection(second.index)
    apart = (first.loc[both, "predicted"] != second.loc[both, "predicted"]).sum()
    assert f"**{len(both)} slices**" in texts(app)
    assert app.metric[0].value == f"{apart} slices"
    assert sum(int(metric.value) for metric in app.metric[1:]) == apart


@pytest.mark.parametrize("number", ["99999", "abc", "0"])
def test_a_slice_in_the_address_that_the_page_does_not_have_is_told(number: str) -> None:
    app = opened("errors", slice=number)
    assert not app.exception and len(app.warning) == 1 and number in app.warning[0].value


def test_the_page_opens_with_the_most_confident_errors_and_switching_to_errors_alone_keeps_them(here: str) -> None:
    app = sound(opened("errors"))
    table = select_predictions(read_predictions(open_bundle(NAME)), part="test", only_wrong=True)
    expected = table.sort_values(["confidence", "slice"], ascending=[False, True])["slice"].tolist()
    assert len(expected) >= 3 and tiles(app)[:3] == expected[:3]
    sound(app.toggle(key="wrong").set_value(True).run())
    assert tiles(app)[:3] == expected[:3]


def test_the_matrix_at_a_confidence_threshold_states_its_coverage() -> None:
    app = sound(opened("errors", confidence=["80", "100"]))
    table = read_predictions(open_bundle(NAME))
    test = table[table["part"] == "test"]
    kept = test[test["confidence"] >= 0.8]
    assert f"{len(kept)} slices of" in texts(app)
    assert f"Coverage](#term-coverage) {percent(len(kept) / len(test))}" in texts(app)


def test_former_and_next_open_the_neighbours_in_the_pages_order() -> None:
    app = sound(opened("errors", wrong="true"))
    listed = tiles(app)
    app.button(key=f"page_tile_{listed[1]}").click()
    sound(app.run())
    sound(app.button(key="viewer_next").click().run())
    assert app.query_params["slice"] == str(listed[2])
    sound(app.button(key="viewer_previous").click().run())
    assert app.query_params["slice"] == str(listed[1])


def test_two_cells_stand_side_by_side_the_most_confident_slices_first(here: str) -> None:
    app = sound(opened("errors", view="Two cells", first="Glioma predicted as meningioma"))
    table = select_predictions(read_predictions(open_bundle(NAME)), part="test")
    matrix = pd.crosstab(table["true"], table["predicted"]).loc[list(CLASSES), list(CLASSES)]
    true, predicted = max(
        ((true, predicted) for true in CLASSES for predicted in CLASSES if true != predicted),
        key=lambda cell: matrix.loc[cell],
    )
    assert app.selectbox(key="second").value == (true, true)
    for key, cell in {"first_page": ("glioma", "meningioma"), "second_page": (true, true)}.items():
        slices = select_predictions(table, true=cell[0], predicted=cell[1])
        expected = order_predictions(slices, "surest first")["slice"].tolist()
        assert tiles(app, key) == expected[: len(tiles(app, key))] and tiles(app, key)
        assert f"**{len(expected)} slices** of" in texts(app)
    assert app.selectbox(key="first").value == ("glioma", "meningioma")
    assert sound(opened("errors", view="Two cells")).selectbox(key="first").value == (true, predicted)


def test_former_and_next_stay_within_the_cell_of_the_open_slice() -> None:
    app = sound(opened("errors", view="Two cells"))
    for key in ("first_page", "second_page"):
        listed = tiles(app, key)
        app.button(key=f"{key}_tile_{listed[0]}").click()
        sound(app.run())
        sound(app.button(key="viewer_next").click().run())
        assert app.query_params["slice"] == str(listed[1])
        assert app.button(key="viewer_previous").disabled is False


def test_an_empty_cell_says_so() -> None:
    app = sound(opened("errors", view="Two cells", first="Pituitary predicted as meningioma"))
    table = read_predictions(open_bundle(NAME))
    slices = select_predictions(table, part="test", true="pituitary", predicted="meningioma")
    said = any("No test slice of pituitary tumour" in each.value for each in app.info)
    assert said == slices.empty


@pytest.mark.parametrize("networks", [UNIFIED_NETWORK, REPORT_NETWORKS])
def test_what_an_open_slice_was_to_the_networks_is_said_once(here: str, networks: str) -> None:
    app = sound(opened("errors", networks=networks, patient=str(PATIENT), part="Training"))
    number = tiles(app)[0]
    sound(app.button(key=f"page_tile_{number}").click().run())
    (said,) = (each.value for each in app.caption if each.value.startswith("Patient "))
    assert said.lower().count("in training") == 1
