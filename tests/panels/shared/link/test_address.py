"""What a page takes from its address, what an act writes there, and what is told."""

from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from panels.shared.link.bound_values import Unknown, values_of


def page() -> None:
    import streamlit as st

    from panels.shared.link.address import bound, draw_unknown_values, page_address, shown_query

    name = st.session_state.get("page", "first")
    with page_address(name):
        network = bound(
            st.selectbox, "Network", ["one", "other"], key="network", format_func=str.title, goes_along=True,
            former={"Both": "Other"},
        )  # fmt: skip
        bound(st.selectbox, "Layer", [f"{network} {number}" for number in range(3)], key="layer")
        bound(st.slider, "Range", 0, 100, (0, 100), key="range")
        if st.session_state.get("with_toggle", True):
            bound(st.toggle, "Log", key="log")
    draw_unknown_values()
    st.session_state["query"] = shown_query()


def opened(**query: Any) -> AppTest:
    app = AppTest.from_function(page, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def visited(app: AppTest, **query: Any) -> AppTest:
    """Open another entry of the browser's history."""
    app.query_params.clear()
    app.query_params.update(query)
    return app.run()


def test_a_value_that_the_page_does_not_have_is_told() -> None:
    assert not opened(network="Other", layer="other 1").warning
    (warning,) = opened(network="Other", layer="one 1").warning
    assert "layer" in warning.value and "one 1" in warning.value and "network" not in warning.value


def test_a_choice_that_ends_another_is_not_told_as_an_address_in_vain() -> None:
    app = opened(network="Other", layer="other 2")
    app.selectbox(key="network").set_value("one").run()
    assert app.selectbox(key="layer").value == "one 0"
    assert not app.warning and app.session_state["query"] == ""


def test_an_act_writes_the_address_and_back_restores_every_widget() -> None:
    app = opened()
    app.selectbox(key="network").set_value("other").run()
    assert app.query_params == {"network": "Other"}
    app.slider(key="range").set_value((10, 50)).run()
    app.toggle(key="log").set_value(True).run()
    assert app.query_params == {"network": "Other", "range": ["10", "50"], "log": "true"}
    visited(app, network="Other", range=["10", "50"])
    assert not app.toggle(key="log").value and app.slider(key="range").value == (10, 50)
    visited(app, network="Other")
    assert app.slider(key="range").value == (0, 100)
    visited(app)
    assert app.selectbox(key="network").value == "one"
    visited(app, network="Other", log="true")
    assert app.selectbox(key="network").value == "other" and app.toggle(key="log").value


def test_a_value_back_at_its_default_leaves_the_address() -> None:
    app = opened(log="true")
    app.toggle(key="log").set_value(False).run()
    assert app.query_params == {} and app.session_state["query"] == ""


def test_nothing_goes_along_to_another_page_but_what_holds_everywhere() -> None:
    app = opened(network="Other", layer="other 2", log="true")
    app.session_state["page"] = "second"
    visited(app)
    assert app.selectbox(key="network").value == "other" and app.session_state["query"] == "network=Other"
    assert app.selectbox(key="layer").value == "other 0" and not app.toggle(key="log").value


def test_what_no_widget_of_the_page_shows_leaves_the_address() -> None:
    app = opened(strange="1", network="Other", log="true")
    assert app.session_state["query"] == "network=Other&log=true"
    app.session_state["with_toggle"] = False
    assert app.run().session_state["query"] == "network=Other"


def test_an_option_s_name_and_its_former_title_open_it() -> None:
    for text in ("Other", "other", "Both"):
        app = opened(network=text)
        assert app.selectbox(key="network").value == "other" and app.session_state["query"] == "network=Other"


@pytest.mark.parametrize(
    ("widget", "arguments", "options", "value", "texts"),
    [
        (st.selectbox, ("", ["a", "b"]), {}, "b", ["b"]),
        (st.selectbox, ("", ["a", "b"]), {"index": None}, "a", ["a"]),
        (st.segmented_control, ("", ["a", "b"]), {"default": "a", "format_func": str.upper}, "b", ["B"]),
        (st.select_slider, ("", [0.1, 0.25, 0.9], 0.1), {"format_func": "{:g}".format}, 0.9, ["0.9"]),
        (st.multiselect, ("", ["a", "b", "c"]), {"default": ["a"]}, ["c", "b"], ["c", "b"]),
        (st.multiselect, ("", ["a", "b", "c"]), {"default": ["a"]}, [], [""]),
        (st.pills, ("", ["a", "b"]), {"selection_mode": "multi"}, ["b"], ["b"]),
        (st.slider, ("", 0, 100, 80), {}, 7, ["7"]),
        (st.slider, ("", 0.0, 1.0, 0.6, 0.05), {}, 0.35, ["0.35"]),
        (st.slider, ("", 0, 9000, (0, 9000), 100), {}, (200, 9000), ["200", "9000"]),
        (st.number_input, ("", 1, 233, None), {}, 5, ["5"]),
        (st.toggle, ("", True), {}, False, ["false"]),
        (st.pagination, (9,), {}, 3, ["3"]),
    ],
)
def test_every_kind_of_widget_is_read_as_it_is_written(
    widget: Any, arguments: tuple[Any, ...], options: dict[str, Any], value: Any, texts: list[str]
) -> None:
    values = values_of(widget, arguments, options)
    assert values.write(value) == texts and values.read(texts) == value
    assert values.write(values.default) == [] and values.has(values.default) and values.has(value)


@pytest.mark.parametrize(
    ("widget", "arguments", "texts"),
    [
        (st.slider, ("", 0, 100, 80), ["101"]),
        (st.slider, ("", 0.0, 1.0, 0.6), ["nan"]),
        (st.slider, ("", 0, 100, (0, 100)), ["50"]),
        (st.slider, ("", 0, 100, (0, 100)), ["50", "10"]),
        (st.number_input, ("", 1, 233, None), ["-1"]),
        (st.toggle, ("",), ["maybe"]),
        (st.selectbox, ("", ["a"]), [""]),
        (st.pagination, (9,), ["0"]),
    ],
)
def test_a_value_out_of_range_is_refused_and_the_default_stays(
    widget: Any, arguments: tuple[Any, ...], texts: list[str]
) -> None:
    values = values_of(widget, arguments, {})
    with pytest.raises(Unknown) as refused:
        values.read(texts)
    assert (refused.value.values, refused.value.value) == (texts, values.default)


def test_of_several_options_those_that_there_are_stay() -> None:
    values = values_of(st.multiselect, ("", ["a", "b"]), {"default": ["a"]})
    with pytest.raises(Unknown) as refused:
        values.read(["b", "x"])
    assert (refused.value.values, refused.value.value) == (["x"], ["b"])


def test_a_page_of_tiles_beyond_the_last_is_the_last() -> None:
    assert values_of(st.pagination, (9,), {}).read(["40"]) == 9
