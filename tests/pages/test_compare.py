"""Compare on Analyse: two models on one slice, by a press or by the address."""

import re

from panels.shared.model_choice import REPORT_NETWORKS
from tests.pages.situations import sound, viewers
from tests.pages.test_analyse import layer_names, opened, texts

SAMPLE = "meningioma-axial-1"
OTHER = "Unified U-Net on whole slices"


def test_a_press_puts_another_model_beside_the_chosen_one_and_into_the_address() -> None:
    app = opened(sample=SAMPLE)
    app.selectbox(key="compare").set_value(REPORT_NETWORKS).run()
    sound(app)
    assert app.query_params["compare"] == app.selectbox(key="compare").value == REPORT_NETWORKS
    first, second = viewers(app)
    assert first["group"] == second["group"] and first["picture"] == second["picture"]
    for header in (first, second):
        assert {"Only Unified U-Net", "Only Report U-Net", "Predicted mask", "True mask"} <= set(layer_names(header))
    assert len([each for each in (*app.header, *app.subheader) if "%" in each.value]) == 2, "both answers"
    assert re.search(r"Likeliest class: .*Dice [01]\.\d\d\*\* between them · [\d,]+ px only", texts(app))


def test_the_address_chooses_both_models_and_leaving_the_comparison_shows_one() -> None:
    app = sound(opened(sample=SAMPLE, networks=REPORT_NETWORKS, compare=OTHER))
    assert len(viewers(app)) == 2 and REPORT_NETWORKS not in app.selectbox(key="compare").options
    app.selectbox(key="compare").set_value(None).run()
    sound(app)
    assert len(viewers(app)) == 1
    assert "compare" not in app.query_params and app.selectbox(key="compare").value is None


def test_a_model_is_not_compared_with_itself_nor_with_an_unknown_one() -> None:
    for name in ("Unified U-Net", "nothing"):
        app = opened(sample=SAMPLE, compare=name)
        assert not app.exception and not app.error and len(viewers(app)) == 1
