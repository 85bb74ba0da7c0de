"""The command card: what it writes anew."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.bundles.bundle import CARD, LAYERS, Bundle, open_bundle
from core.bundles.card.schema import SCHEMA, card_schema
from core.bundles.card_update import update_card
from core.cli.main import main
from core.metrics.definitions import DEFINITIONS
from core.ood.gate_recipe import gate_texts, load_gate_recipe
from core.outcome import GateThresholds
from tests.core import tiny


@pytest.fixture
def bundle(tmp_path: Path, configure: Callable[..., None]) -> Bundle:
    """A bundle whose recipe has another text than its card."""
    made, recipe = tiny.classifier(tmp_path / "models"), tiny.recipe("report-cnn")
    changed = recipe.model_copy(update={"about": "Another text."})
    configure(models=tmp_path / "models", recipes=tiny.write_recipe(changed, tmp_path / "recipes"))
    return made


@pytest.mark.parametrize("argument", ["report-cnn", "--all"])
def test_card_writes_the_texts_of_the_recipe_without_the_run(
    argument: str, bundle: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["card", argument]) == 0
    card = open_bundle("report-cnn").card
    assert card.changed({"changelog": None}) == bundle.card.changed({"about": "Another text.", "changelog": None})
    assert len(card.changelog) == len(bundle.card.changelog) + 1
    assert card.changelog[:-1] == bundle.card.changelog and "recipe" in card.changelog[-1].change
    assert "recipes/report-cnn.toml" in capsys.readouterr().out


def test_a_broken_bundle_keeps_no_other_from_its_card(bundle: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    broken = bundle.folder.parent / "broken"
    broken.mkdir()
    (broken / CARD).write_text("no card")
    assert main(["card", "--all"]) == 1
    assert "'broken'" in capsys.readouterr().out
    assert open_bundle("report-cnn").card.about == "Another text."


def test_card_writes_the_definitions_of_the_code_and_a_missing_layers_file(bundle: Bundle) -> None:
    (bundle.folder / LAYERS).unlink()
    figures = tiny.made_up_test_metrics(bundle)
    stale = {"test": figures, "definitions": {"accuracy": "Another definition."}}
    update_card(bundle.folder, {"metrics": stale}, "Evaluated.")
    assert main(["card", "report-cnn"]) == 0
    card = open_bundle("report-cnn").card
    assert card.metrics.as_dict() == {"test": figures, "definitions": DEFINITIONS["test"]}
    assert card.files[LAYERS] == bundle.card.files[LAYERS]


def test_card_writes_the_current_texts_of_the_gate(bundle: Bundle) -> None:
    update_card(bundle.folder, {"screen": {**tiny.GATE, "tried": ["Another text."]}}, "Gate fitted.")
    assert main(["card", "report-cnn"]) == 0
    gate = open_bundle("report-cnn").card.gate
    assert gate.tried == gate_texts(load_gate_recipe())["tried"]
    assert gate.thresholds == GateThresholds(**tiny.GATE["thresholds"])


@pytest.mark.parametrize("arguments", [[], ["report-cnn", "--all"], ["--all", "--schema"]])
def test_card_takes_either_a_name_or_all(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["card", *arguments]) == 2
    assert "name or --all" in capsys.readouterr().err


def test_card_writes_the_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLICESCOPE_MODELS", str(tmp_path))
    assert main(["card", "--schema"]) == 0
    assert (tmp_path / SCHEMA).read_text(encoding="utf-8") == card_schema()
