"""What the first answer needs is loaded in the background, once, and a fault waits for the page to tell it."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.bundles.bundle import DEFAULT_CLASSIFIER, LITE, Bundle
from core.inference import predictor as predictor_module
from core.inference.runtime import Runtime, load_runtime
from panels.analyse import preparation
from panels.shared.model_choice import listed_bundles
from panels.shared.predictions import cached_predictor
from tests.settings import SHIPPED_MODELS


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The networks that are loaded from here on, none before."""
    cached_predictor.clear()
    names: list[str] = []

    def load(bundle: Bundle, **options: Any) -> Runtime:
        names.append(bundle.name)
        return load_runtime(bundle, **options)

    monkeypatch.setattr(predictor_module, "load_runtime", load)
    return names


def test_an_answer_meanwhile_and_afterwards_loads_nothing_again(loaded: list[str]) -> None:
    thread = threading.Thread(target=preparation.prepare)
    thread.start()
    bundle = listed_bundles().find(DEFAULT_CLASSIFIER)
    predictor = cached_predictor(bundle, bundle)
    thread.join()
    assert cached_predictor(bundle, bundle) is predictor
    assert loaded.count(DEFAULT_CLASSIFIER) == 1


def test_an_altered_network_is_left_for_the_page_to_tell(
    tmp_path: Path, configure: Callable[..., None], loaded: list[str]
) -> None:
    copy = tmp_path / DEFAULT_CLASSIFIER
    copy.mkdir()
    for file in (SHIPPED_MODELS / DEFAULT_CLASSIFIER).iterdir():
        (copy / file.name).symlink_to(file)
    (copy / LITE).unlink()
    (copy / LITE).write_bytes(b"altered")
    configure(models=tmp_path)
    preparation.prepare()
    configure(models=tmp_path / "none")
    preparation.prepare()


def test_it_happens_once_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    monkeypatch.setattr(threading.Thread, "start", lambda thread: threads.append(thread.name))
    preparation.prepare_first_answer.cache_clear()
    preparation.prepare_first_answer()
    preparation.prepare_first_answer()
    assert len(threads) == 1
