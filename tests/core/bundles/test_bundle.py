"""Bundles are float32 and uncompiled whatever they were trained in, and refused when they differ from their card."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from core import config
from core.bundles.bundle import (
    CARD,
    HISTORY,
    LAYERS,
    README,
    WEIGHTS,
    Bundle,
    bundle_names,
    file_facts,
    load_network,
    open_bundle,
    save_network,
)
from core.bundles.card.schema import FORMAT_VERSION, FileFacts
from core.bundles.card_update import update_card
from core.dataset import splits
from core.errors import BundleError, TrainingError
from core.networks.registry import build_network
from core.training.card_writer import limits_with_gate
from core.training.checkpoint import State
from core.training.export import export_bundle
from core.training.recipe import Recipe
from core.training.trainer import run_training
from tests.core import tiny

if TYPE_CHECKING:
    import keras

CARD_FIELDS = (
    "name", "version", "task", "network", "parameters", "input", "output", "classes", "data", "training", "files",
    "licence",
    "intended_use", "limits",
)  # fmt: skip
ONE_SENTENCE = r"^[^\n]+[a-z)]\.$"


@pytest.fixture(scope="module")
def mixed_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recipe, State]:
    """A recipe and its finished run under mixed_bfloat16."""
    recipe = tiny.recipe(dtype="mixed_bfloat16", epochs=2, learning_rate=0.01)
    return recipe, run_training(
        recipe, tiny.class_examples(24), tiny.class_examples(6), tmp_path_factory.mktemp("mixed")
    )


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A small classifier's bundle; copy it to spoil it."""
    return tiny.classifier(tmp_path_factory.mktemp("made"))


@pytest.fixture
def bundle(made_once: Bundle, tmp_path: Path) -> Bundle:
    """A small classifier's bundle, to be spoilt."""
    shutil.copytree(made_once.folder, tmp_path / made_once.name)
    return open_bundle(made_once.name, tmp_path)


@pytest.fixture
def mixed_policy() -> Iterator[None]:
    """mixed_bfloat16 for everything built inside."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)


def policies(network: "keras.Model") -> set[str]:
    return {layer.dtype_policy.name for layer in network.layers}


# Writing


def test_a_bundle_trained_in_bfloat16_predicts_in_float32(mixed_run: tuple[Recipe, State], tmp_path: Path) -> None:
    import keras

    recipe, state = mixed_run
    assert keras.config.dtype_policy().name == "float32", "training leaves the policy as it was"
    network = load_network(export_bundle(recipe, state, tmp_path))
    assert policies(network) == {"float32"}
    assert {str(weight.dtype) for weight in network.weights} == {"float32"}
    plain = build_network("report_cnn", {"size": tiny.CNN_SIZE, **tiny.CNN_OPTIONS})
    plain.set_weights(state.best)
    inputs = tiny.class_examples(8, seed=5).planes.astype(np.float32).repeat(3, -1)
    np.testing.assert_allclose(network(inputs), plain(inputs), atol=1e-6)
    assert not network.compiled


def test_a_network_saved_from_bfloat16_would_keep_it_and_is_refused(
    mixed_policy: None, mixed_run: tuple[Recipe, State], tmp_path: Path
) -> None:
    import keras

    _, state = mixed_run
    network = build_network("report_cnn", {"size": tiny.CNN_SIZE, **tiny.CNN_OPTIONS})
    network.set_weights(state.best)
    with pytest.raises(BundleError, match=ONE_SENTENCE):
        save_network(network, tmp_path / WEIGHTS)
    assert not list(tmp_path.iterdir())
    # What the refusal prevents.
    network.save(tmp_path / WEIGHTS)
    keras.config.set_dtype_policy("float32")
    kept = keras.saving.load_model(tmp_path / WEIGHTS)
    assert "mixed_bfloat16" in policies(kept)
    plain = build_network("report_cnn", {"size": tiny.CNN_SIZE, **tiny.CNN_OPTIONS})
    plain.set_weights(state.best)
    inputs = tiny.class_examples(8, seed=5).planes.astype(np.float32).repeat(3, -1)
    assert np.abs(np.asarray(kept(inputs)) - np.asarray(plain(inputs))).max() > 1e-5


def test_a_compiled_network_would_be_three_times_the_size_and_is_refused(tmp_path: Path) -> None:
    network = build_network("report_cnn", {"size": tiny.CNN_SIZE})
    save_network(network, tmp_path / "bare.keras")
    network.compile("adam", "sparse_categorical_crossentropy")
    with pytest.raises(BundleError, match=ONE_SENTENCE):
        save_network(network, tmp_path / WEIGHTS)
    assert not (tmp_path / WEIGHTS).exists()
    network.optimizer.build(network.trainable_variables)
    network.save(tmp_path / "compiled.keras")
    bare = (tmp_path / "bare.keras").stat().st_size
    assert bare < 1.2 * 4 * network.count_params()
    assert (tmp_path / "compiled.keras").stat().st_size > 2.5 * bare


def test_the_kept_weights_are_the_best_epochs_not_the_last(mixed_run: tuple[Recipe, State], tmp_path: Path) -> None:
    recipe, state = mixed_run
    other = replace(state, best=[weight + 1 for weight in state.best])
    for exported, kept in zip(
        load_network(export_bundle(recipe, other, tmp_path)).get_weights(), other.best, strict=True
    ):
        np.testing.assert_array_equal(exported, kept)


def test_an_unfinished_run_makes_no_bundle(mixed_run: tuple[Recipe, State], tmp_path: Path) -> None:
    recipe, state = mixed_run
    with pytest.raises(TrainingError, match=r"'report-cnn' .* 2 epochs"):
        export_bundle(recipe, replace(state, finished=False), tmp_path)
    assert not list(tmp_path.iterdir())


def test_figures_of_an_earlier_network_are_removed_with_it(bundle: Bundle, tmp_path: Path) -> None:
    (bundle.folder / "predictions.csv").write_text("slice\n1\n")
    assert tiny.with_test_metrics(bundle).test_metrics
    made = tiny.recipe("report-cnn")
    state = tiny.finished_state(made)
    state.best = [weights + 1 for weights in state.best]
    again = export_bundle(made, state, tmp_path)
    assert not again.is_evaluated
    assert sorted(path.name for path in again.folder.iterdir()) == sorted([CARD, HISTORY, LAYERS, README, WEIGHTS])


def test_the_figures_of_an_earlier_network_stay_in_the_changelog(bundle: Bundle, tmp_path: Path) -> None:
    evaluated = tiny.with_test_metrics(bundle)
    made = tiny.recipe("report-cnn").model_copy(update={"version": "9.0.0"})
    state = tiny.finished_state(made)
    state.best = [weights + 1 for weights in state.best]
    *earlier, last = export_bundle(made, state, tmp_path).card.changelog
    assert earlier == evaluated.card.changelog
    assert last.version == "9.0.0" and evaluated.card.version in last.change
    assert f"accuracy {evaluated.test_metrics.accuracy:.3f}" in last.change


@pytest.mark.parametrize("failing", ["save_network", "write_history", "write_card"])
def test_an_export_that_breaks_off_leaves_the_old_bundle_sound(
    failing: str, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    made = tiny.recipe("report-cnn")
    state = tiny.finished_state(made)
    state.best = [weights + 1 for weights in state.best]
    before = {path.name: path.read_bytes() for path in bundle.folder.iterdir()}
    monkeypatch.setattr(f"core.training.export.{failing}", fail)
    with pytest.raises(KeyboardInterrupt):
        export_bundle(made, state, tmp_path)
    assert {path.name: path.read_bytes() for path in bundle.folder.iterdir()} == before
    assert bundle_names(tmp_path) == [bundle.name]


def test_a_bundle_half_written_by_a_killed_export_is_not_listed(bundle: Bundle, tmp_path: Path) -> None:
    shutil.copytree(bundle.folder, tmp_path / f".{bundle.name}.new")
    assert bundle_names(tmp_path) == [bundle.name]


def test_an_exported_run_keeps_the_limits_of_its_gate(tmp_path: Path) -> None:
    made = tiny.recipe("report-cnn")
    state = tiny.finished_state(made)
    bundle = export_bundle(made, state, tmp_path)
    changes = {"screen": tiny.GATE, "limits": limits_with_gate(bundle.card.limits)}
    screened = update_card(bundle.folder, changes, "Gate fitted.")
    assert screened.limits != bundle.card.limits
    again = export_bundle(made, state, tmp_path).card
    assert (again.limits, again.gate) == (screened.limits, screened.gate)


def test_a_finished_run_that_is_exported_again_keeps_its_figures(tmp_path: Path) -> None:
    made = tiny.recipe("report-cnn")
    state = tiny.finished_state(made)
    bundle = export_bundle(made, state, tmp_path)
    evaluated = tiny.with_test_metrics(bundle)
    renamed = made.model_copy(update={"title": "Another title"})
    again = export_bundle(renamed, state, tmp_path)
    assert again.test_metrics == evaluated.test_metrics
    assert again.card.title == "Another title"
    assert again.card.files == bundle.card.files


def test_a_bundle_carries_the_runs_history(mixed_run: tuple[Recipe, State], tmp_path: Path) -> None:
    recipe, state = mixed_run
    lines = export_bundle(recipe, state, tmp_path).path("history.csv").read_text().splitlines()
    assert len(lines) == 1 + len(state.history)
    assert lines[0].split(",")[0] == "epoch"


# The card


@pytest.mark.parametrize(("make", "task"), [(tiny.classifier, "classification"), (tiny.segmenter, "segmentation")])
def test_the_card_has_every_field(make: Callable[[Path], Bundle], task: str, tmp_path: Path) -> None:
    made = make(tmp_path)
    card = json.loads((made.folder / CARD).read_text(encoding="utf-8"))
    assert not [field for field in CARD_FIELDS if not card.get(field)]
    assert card["task"] == task
    network = load_network(made)
    assert card["parameters"] == {
        "total": sum(weight.size for weight in network.get_weights()),
        "trainable": sum(int(np.prod(weight.shape)) for weight in network.trainable_weights),
    }
    spec = card["input"]
    assert (None, spec["height"], spec["width"], spec["channels"]) == network.input_shape
    assert spec["range"] == [0.0, 1.0]
    assert len(card["classes"]) == network.output_shape[-1]
    part = splits.split_parts(card["data"]["split"])
    assert card["data"]["counts"] == part.value_counts().to_dict()
    assert sum(card["data"]["counts"].values()) == 3064
    assert card["data"]["seed"] == config.SEED
    assert card["data"]["set"]["doi"]
    for option in ("learning_rate", "loss", "optimizer", "batch", "epochs"):
        assert card["training"]["recipe"][option], "what the report leaves open is stated"
    assert set(card["files"]) == {WEIGHTS, LAYERS, "history.csv"}
    for name, facts in card["files"].items():
        assert facts == file_facts(made.folder / name).as_dict()
        assert set(facts) == {"bytes", "sha256"}


def test_a_split_by_slice_is_stated_in_the_limits(tmp_path: Path) -> None:
    by_slice = tiny.classifier(tmp_path)
    assert "Slice-level split" in by_slice.card.limits[0]
    assert by_slice.card.data.by_patient_bundle == "report-cnn-patients"
    recipe = tiny.recipe("report-cnn-patients")
    by_patient = export_bundle(recipe, tiny.finished_state(recipe), tmp_path)
    assert not any("slice-level" in limit.lower() for limit in by_patient.card.limits)
    assert (by_slice.card.data.by_patient, by_patient.card.data.by_patient) == (False, True)


def test_file_facts_are_size_and_sha256(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, example B.1
    assert file_facts(tmp_path / "abc") == FileFacts(bytes=3, sha256=digest)


# Reading


def test_a_sound_bundle_is_opened(bundle: Bundle, tmp_path: Path) -> None:
    assert open_bundle(bundle.name, tmp_path).card == bundle.card
    assert bundle_names(tmp_path) == [bundle.name]
    assert load_network(bundle).output_shape == (None, 3)


def assert_refused(bundle: Bundle, tmp_path: Path, part: str) -> None:
    """The bundle must be refused, by its card or at the latest when its network is loaded."""
    with pytest.raises(BundleError, match=ONE_SENTENCE) as refusal:
        load_network(open_bundle(bundle.name, tmp_path))
    assert part in str(refusal.value)


def test_one_altered_byte_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    path = bundle.folder / WEIGHTS
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert_refused(bundle, tmp_path, "SHA-256")


def test_a_truncated_file_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    path = bundle.folder / WEIGHTS
    path.write_bytes(path.read_bytes()[:-1])
    assert_refused(bundle, tmp_path, "SHA-256")


@pytest.mark.parametrize("field", ["sha256", "bytes"])
def test_a_wrong_hash_or_size_in_the_card_is_refused(field: str, bundle: Bundle, tmp_path: Path) -> None:
    files = bundle.card.as_dict()["files"]
    files[WEIGHTS][field] = {"sha256": "0" * 64, "bytes": files[WEIGHTS]["bytes"] + 1}[field]
    tiny.change_card(bundle, files=files)
    assert_refused(bundle, tmp_path, "SHA-256")


def test_a_missing_file_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    (bundle.folder / WEIGHTS).unlink()
    assert_refused(bundle, tmp_path, f"has no {WEIGHTS}")


def test_a_file_the_card_does_not_list_is_refused(bundle: Bundle) -> None:
    (bundle.folder / "extra.csv").write_text("1\n")
    with pytest.raises(BundleError, match=r"extra\.csv.*models/report-cnn"):
        bundle.path("extra.csv")


@pytest.mark.parametrize("field", [field for field in CARD_FIELDS if field != "name"])
def test_a_card_that_lacks_something_is_refused(field: str, bundle: Bundle, tmp_path: Path) -> None:
    tiny.change_card(bundle, **{field: None})
    assert_refused(bundle, tmp_path, f"{field} is missing;")


def test_a_card_of_another_format_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    tiny.change_card(bundle, format=FORMAT_VERSION + 1)
    assert_refused(bundle, tmp_path, f"format is {FORMAT_VERSION + 1};")


def test_a_renamed_folder_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    bundle.folder.rename(tmp_path / "better-cnn")
    with pytest.raises(BundleError, match=r"'better-cnn' .*'report-cnn'"):
        open_bundle("better-cnn", tmp_path)


@pytest.mark.parametrize("text", ["{", "", "\x00", "version https://git-lfs.github.com/spec/v1"])
def test_a_card_that_is_no_json_is_refused(text: str, bundle: Bundle, tmp_path: Path) -> None:
    (bundle.folder / CARD).write_text(text)
    assert_refused(bundle, tmp_path, "is no JSON;")


def test_a_card_in_another_encoding_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    (bundle.folder / CARD).write_bytes('{"name": "é"}'.encode("latin-1"))
    assert_refused(bundle, tmp_path, "is no JSON;")


def test_a_card_that_is_a_list_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    (bundle.folder / CARD).write_text("[]")
    assert_refused(bundle, tmp_path, "a list")


def test_a_missing_bundle_is_refused_with_those_there_are(bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"'nothing'; .*report-cnn\."):
        open_bundle("nothing", tmp_path)
    with pytest.raises(BundleError, match=r"'nothing'; .*none\."):
        open_bundle("nothing", tmp_path / "empty")


def test_code_inside_a_network_file_is_not_run(bundle: Bundle, tmp_path: Path) -> None:
    import keras

    inputs = keras.Input((tiny.CNN_SIZE, tiny.CNN_SIZE, 3))
    outputs = keras.layers.Dense(3, activation="softmax")(keras.layers.Flatten()(inputs))
    harmful = keras.Model(inputs, keras.layers.Lambda(lambda values: values * 0)(outputs))
    save_network(harmful, bundle.folder / WEIGHTS)
    update_card(bundle.folder, {}, "Another network.")
    assert_refused(bundle, tmp_path, "cannot be loaded")
    # Only the safe mode keeps it out: the file itself is sound.
    unsafe = keras.saving.load_model(bundle.folder / WEIGHTS, safe_mode=False)
    assert float(np.abs(unsafe(np.ones((1, *unsafe.input_shape[1:]), np.float32))).max()) == 0


def test_a_file_that_is_no_network_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    (bundle.folder / WEIGHTS).write_text("version https://git-lfs.github.com/spec/v1\n")
    update_card(bundle.folder, {}, "Another network.")
    assert_refused(bundle, tmp_path, "cannot be loaded")


def test_a_damaged_network_file_that_its_card_describes_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    path = bundle.folder / WEIGHTS
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1  # in the weights, where only the zip file's checksum notices
    path.write_bytes(data)
    update_card(bundle.folder, {}, "Another network.")
    assert_refused(bundle, tmp_path, "cannot be loaded")
