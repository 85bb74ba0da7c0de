"""LiteRT gives what Keras gives, to many threads at once, without TensorFlow in the process."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from core.bundles.bundle import DEFAULT_CLASSIFIER, LITE, REPORT_CLASSIFIER, REPORT_SEGMENTER, load_network, open_bundle
from core.bundles.card_update import update_card
from core.bundles.measured_gate import has_gate
from core.config import CLASSIFICATION, FEATURES, HEAT, ROOT, SEED
from core.dataset.slices import slice_from_store
from core.dataset.store import Store
from core.errors import BundleError
from core.explanation.explainer import Explainer
from core.explanation.targets import class_target
from core.inference.predictor import Predictor, model_input
from core.inference.runtime import Runtime, load_runtime
from core.networks.gate_features import with_feature_output
from core.readers.samples import read_samples
from core.readers.slices import Slice
from tests.core import tiny

AGREEMENT = 1e-4


@pytest.fixture(scope="module")
def lite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network's LiteRT file."""
    return tiny.lite(tiny.classifier(tmp_path_factory.mktemp("models"))).folder / LITE


def inputs(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((1, tiny.CNN_SIZE, tiny.CNN_SIZE, 3), np.float32)


SHIPPED = [DEFAULT_CLASSIFIER, REPORT_CLASSIFIER, REPORT_SEGMENTER]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_lite_file_agrees_with_its_network(name: str) -> None:
    assert_agreement(name, [sample.slice() for sample in read_samples()][::3], every_class=True)


@pytest.mark.dataset
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_lite_file_agrees_with_its_network_on_sixty_slices(name: str, data_store: Store) -> None:
    numbers = np.random.default_rng(SEED).choice(len(data_store), 60, replace=False) + 1
    slices = [slice_from_store(data_store, int(number)) for number in numbers]
    assert_agreement(name, slices, every_class=False)


def assert_agreement(name: str, slices: list[Slice], *, every_class: bool) -> None:
    """Outputs, and the default heat map of every class or of each in turn, are those of Keras and tf-keras-vis."""
    bundle = open_bundle(name)
    assert LITE in bundle.card.files, "it ships the file"
    network, runtime = load_network(bundle), load_runtime(bundle)
    model = with_feature_output(network) if has_gate(bundle) else network
    names = [*bundle.tasks, *([FEATURES] if has_gate(bundle) else [])]
    explain = Explainer(network, output=bundle.tasks.index(CLASSIFICATION)) if CLASSIFICATION in bundle.tasks else None
    for number, slice_ in enumerate(slices):
        pixels, _ = model_input(bundle, slice_)
        outputs, expected = runtime(pixels), model.predict_on_batch(pixels)
        for output, values in zip(names, expected if len(names) > 1 else [expected], strict=True):
            tolerance = AGREEMENT * (max(1.0, float(np.abs(values).max())) if output == FEATURES else 1.0)
            np.testing.assert_allclose(outputs[output], values, rtol=0, atol=tolerance)
        classes = range(len(bundle.card.classes)) if every_class else [number % len(bundle.card.classes)]
        for index in classes if explain else ():
            target = class_target(index)
            explanation = explain(pixels, target, method=bundle.heat_method, layer=bundle.heat_layer)
            heat = outputs[HEAT][0, ..., index]
            np.testing.assert_allclose(heat / max(heat.max(), 1e-9), explanation.grid, atol=AGREEMENT)


def test_threads_get_their_own_answers(lite: Path) -> None:
    runtime = Runtime(lite.read_bytes(), interpreters=2)
    expected = [runtime(inputs(seed))[CLASSIFICATION] for seed in range(8)]
    assert np.abs(expected[0] - expected[1]).max() > 1e-3
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda seed: runtime(inputs(seed))[CLASSIFICATION], [*range(8)] * 5))
    for seed, answer in enumerate(answers):
        np.testing.assert_allclose(answer, expected[seed % 8], atol=1e-6)


def test_who_asks_first_is_answered_first(lite: Path) -> None:
    runtime, order = Runtime(lite.read_bytes(), interpreters=1), []
    runner = runtime._free.get()

    def ask(number: int) -> None:
        runtime(inputs(number))
        order.append(number)

    threads = []
    for number in range(6):
        threads.append(threading.Thread(target=ask, args=(number,)))
        threads[-1].start()
        while len(runtime._free.not_empty._waiters) <= number:
            time.sleep(0.01)
    runtime._free.put(runner)
    for thread in threads:
        thread.join()
    assert order == sorted(order)


def test_a_failed_call_gives_its_interpreter_back(lite: Path) -> None:
    runtime = Runtime(lite.read_bytes(), interpreters=1)
    with pytest.raises(RuntimeError):
        runtime(np.zeros((1, 3, 3, 3), np.float32))
    assert runtime(inputs())[CLASSIFICATION].shape == (1, 3)


def test_a_bundle_without_the_file_is_converted_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLICESCOPE_DATA", str(tmp_path / "data"))
    bundle = tiny.classifier(tmp_path / "models")
    first = load_runtime(bundle)(inputs())
    (kept,) = (tmp_path / "data" / "lite").iterdir()
    written = kept.stat().st_mtime_ns
    np.testing.assert_array_equal(load_runtime(bundle)(inputs())[CLASSIFICATION], first[CLASSIFICATION])
    assert kept.stat().st_mtime_ns == written


def test_a_file_that_is_no_network_is_refused_in_one_sentence(tmp_path: Path) -> None:
    bundle = tiny.lite(tiny.segmenter(tmp_path))
    (bundle.folder / LITE).write_bytes(b"no network")
    with pytest.raises(BundleError, match=LITE):
        load_runtime(bundle)


def test_another_bundles_network_is_refused(tmp_path: Path, lite: Path) -> None:
    bundle = tiny.segmenter(tmp_path)
    (bundle.folder / LITE).write_bytes(lite.read_bytes())
    update_card(bundle.folder, {}, "Another network.")
    with pytest.raises(BundleError, match="card"):
        load_runtime(open_bundle(bundle.name, tmp_path))


def test_an_answer_needs_no_tensorflow() -> None:
    code = """
import sys
from core.bundles.bundle import open_bundle
from core.inference.predictor import Predictor
from core.readers.samples import read_samples
bundle = open_bundle("unified-unet")
Predictor(bundle, bundle)(read_samples()[0].slice())
print(sorted({"tensorflow", "keras", "sklearn"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_mean_of_both_passes_is_mirrored_back(tmp_path: Path) -> None:
    bundle = tiny.lite(tiny.unified(tmp_path))
    picture = tiny.a_picture()
    mirrored = Slice(picture.pixels[:, ::-1].copy(), "mirrored")
    one, other = (Predictor(bundle, bundle)(slice_) for slice_ in (picture, mirrored))
    np.testing.assert_allclose(one.heat_plane[0], other.heat_plane[0][:, ::-1], atol=2e-3)
