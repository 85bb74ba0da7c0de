"""What an address asks for in vain is told; what a visitor chooses is not."""

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from panels.shared.address import unknown_values_told

    with unknown_values_told():
        network = st.selectbox("Network", ["one", "other"], key="network", bind="query-params")
        st.selectbox("Layer", [f"{network} {number}" for number in range(3)], key="layer", bind="query-params")


def opened(**query: str) -> AppTest:
    app = AppTest.from_function(page, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def test_a_value_that_the_page_does_not_have_is_told() -> None:
    assert not opened(network="other", layer="other 1").warning
    (warning,) = opened(network="other", layer="one 1").warning
    assert "layer" in warning.value and "one 1" in warning.value and "network" not in warning.value


def test_a_choice_that_ends_another_is_not_told_as_an_address_in_vain() -> None:
    app = opened(network="other", layer="other 2")
    app.selectbox(key="network").set_value("one").run()
    assert app.selectbox(key="layer").value == "one 0"
    assert not app.warning
