"""README's table of the gate: at home beside outside, only where it is measured."""

from dataclasses import replace

from core.bundles.bundle import open_bundle
from core.evaluation.comparison import summary_table
from core.ood import made_images


def test_the_gate_at_home_stands_beside_the_gate_outside() -> None:
    bundle = open_bundle("unified-unet")
    external = bundle.card.metrics.external
    assert external is not None
    own = {"slices": 10, "correct": 0.9, "no_tumour": 0.04, "refused": 0.01}
    changes = {
        "metrics.external.figshare_after_gate": {"unaltered": own, "frame": {**own, "correct": 0.88}},
        "metrics.external.pictures_without_class": {
            "spine CT": {"pictures": 5, "without_class": 4},
            "chart": {"pictures": 2, "without_class": 2},
            "four-panel figure": {"pictures": 36, "without_class": 35},
            "negative": {"pictures": 36, "without_class": 1},
        },
    }
    table = summary_table.gate_table(replace(bundle, card=bundle.card.changed(changes)))
    assert f"| Tumour called tumour-free | 4.0 % | {100 * external.tumour_called_no_tumour:.1f} % |" in table
    assert "90.0 %" in table and "88.0 %" in table
    assert "6 of 7 pictures that are no head slice get no class, and 35 of 36 four-panel figures." in table


def test_a_gate_that_is_not_measured_at_home_has_no_table() -> None:
    bundle = open_bundle("unified-unet")
    without = bundle.card.changed({"metrics.external.figshare_after_gate": {}})
    assert summary_table.gate_table(replace(bundle, card=without)) == ""


def test_the_kinds_of_made_pictures_are_those_that_are_made() -> None:
    assert set(summary_table.MADE_KINDS) == set(made_images.MADE_KINDS)
