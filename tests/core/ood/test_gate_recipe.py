"""The recipe of a gate: settings and texts from a TOML file, and the card's texts brought up to date."""

from pathlib import Path

import pytest

from core.bundles.bundle import open_bundle
from core.errors import TrainingError
from core.ood.gate_recipe import (
    FEATURES_GATE_RECIPE,
    GATE_RECIPES,
    PRESENCE_GATE_RECIPE,
    GateSettings,
    gate_recipe_of,
    gate_text_changes,
    load_gate_recipe,
)
from core.outcome import OUTCOMES, GateThresholds
from core.training.recipe import recipe_names


def test_the_settings_are_those_the_shipped_gate_was_fitted_with() -> None:
    settings = load_gate_recipe().settings
    assert isinstance(settings, GateSettings)
    assert settings.inpainted_weight == 1 / 3
    assert settings.jpeg_quality == (50, 95) and settings.resampled_side == (0.6, 1.0)


@pytest.mark.parametrize("name", [FEATURES_GATE_RECIPE, PRESENCE_GATE_RECIPE])
def test_every_answer_and_threshold_has_a_text(name: str) -> None:
    texts = load_gate_recipe(name).texts
    assert texts.answers.keys() == set(OUTCOMES)
    assert texts.rules.keys() == set(GateThresholds.__dataclass_fields__)


def test_the_rules_state_the_numbers_of_the_settings() -> None:
    recipe = load_gate_recipe()
    settings, rules = recipe.settings, recipe.texts.rules
    assert f"at most {settings.missed_limit:.0%}" in rules["no_tumour"]
    assert f"at most {settings.false_alarm_limit:.0%}" in rules["tumour"]
    assert f"at least {settings.accuracy_aim:.0%}" in rules["sure"]
    assert "98.5% quantile" in rules["strange"] and "97% quantile" in rules["strange"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("directions = 128", ""),
        ("directions = 128", "directions = 128\ncolour = 3"),
        ("{missed_limit:.0%}", "{missing_limit:.0%}"),
        ("[settings]", "[settings"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(tmp_path: Path, old: str, new: str) -> None:
    text = (GATE_RECIPES / f"{FEATURES_GATE_RECIPE}.toml").read_text()
    assert old in text
    (tmp_path / "broken.toml").write_text(text.replace(old, new))
    with pytest.raises(TrainingError, match=r"'broken' cannot be read"):
        load_gate_recipe("broken", tmp_path)


def test_an_unknown_recipe_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(TrainingError, match="there are features, presence"):
        load_gate_recipe("unknown")


def test_a_gate_s_recipe_is_no_recipe_of_a_network() -> None:
    assert all("gates" not in name for name in recipe_names())
    assert not {FEATURES_GATE_RECIPE, PRESENCE_GATE_RECIPE} & set(recipe_names())


def test_a_card_s_gate_texts_are_replaced_and_nothing_else() -> None:
    card = open_bundle("unified-unet").card
    texts = gate_recipe_of(card.tasks).texts
    current, card = card.changed(gate_text_changes(card)).as_dict(), card.as_dict()
    assert current["screen"].keys() == card["screen"].keys()
    assert current["screen"]["about"] == texts.about and current["screen"]["tried"] == texts.tried
    for key in ("thresholds", "fitted_on"):
        assert current["screen"][key] == card["screen"][key]
    control, before = current["screen"]["source_control"], card["screen"]["source_control"]
    assert control["definitions"] == texts.control
    measured = {name for name, value in control.items() if value is not None}
    assert control["definitions"].keys() == measured - {"definitions"}
    assert {**control, "definitions": None} == {**before, "definitions": None}
    assert {**current, "screen": None} == {**card, "screen": None}


def test_a_card_without_a_gate_stays_as_it_is() -> None:
    card = open_bundle("report-cnn").card
    assert gate_text_changes(card) == {}
