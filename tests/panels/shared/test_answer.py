"""What a classifier answers for one slice, as pages draw it."""

from streamlit.testing.v1 import AppTest


def _page() -> None:
    from panels.shared.answer import draw_class_probabilities

    draw_class_probabilities("glioma", {"meningioma": 0.0004, "glioma": 0.9996, "pituitary": 0.0}, key="bars")


def test_the_bars_are_as_long_as_the_probabilities_and_say_them() -> None:
    app = AppTest.from_function(_page).run()
    assert not app.exception
    bars = app.get("html")[0].proto.body
    assert [float(part.split(")")[0]) for part in bars.split("* ")[1:]] == [0.0004, 0.9996, 0]
    assert bars.count("&lt;\xa00.1\xa0%") == 2, "in the bars and for those who do not see them"
    assert "Glioma 100.0\xa0%" in bars or "&gt;\xa099.9\xa0%" in bars
