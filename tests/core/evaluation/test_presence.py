"""A network that also tells whether there is a tumour: its bundle, its LiteRT file and its evaluation."""

from pathlib import Path

import numpy as np

from core.bundles.bundle import LITE, load_network, open_bundle
from core.bundles.layers import read_layers
from core.config import PRESENCE, TASKS
from core.dataset.store import Store
from core.evaluation.evaluate import evaluate
from core.inference.predictor import Predictor
from core.inference.runtime import load_runtime
from core.training.lite import write_lite
from tests.core import tiny
from tests.settings import configured


def test_a_bundle_with_presence_is_written_run_and_evaluated(tmp_path: Path) -> None:
    bundle = tiny.unified(tmp_path, base="unified-unet", name="unified-unet")
    assert bundle.tasks == (*TASKS, PRESENCE)
    assert [layer.name for layer in read_layers(bundle) if layer.task == PRESENCE] == ["presence"]

    write_lite(bundle)
    bundle = open_bundle(bundle.name, tmp_path)
    assert LITE in bundle.card.files
    runtime = load_runtime(bundle)
    assert runtime.output_sizes[PRESENCE] == 2
    inputs = np.random.default_rng(0).random((2, *runtime.input_shape), np.float32)
    expected = load_network(bundle).predict_on_batch(inputs)[bundle.tasks.index(PRESENCE)]
    np.testing.assert_allclose(runtime(inputs)[PRESENCE], expected, atol=1e-4)
    prediction = Predictor(bundle, bundle)(tiny.a_picture())
    assert prediction.mask.shape == (64, 64)

    data = tiny.data_set()
    with configured(splits=data.write_table(tmp_path / "splits.csv")), Store(data.write(tmp_path / "s.h5")) as store:
        test = evaluate(bundle, store).metrics.test
    assert test is not None
    assert None not in (test.accuracy, test.dice_mean, test.mask_loss)
