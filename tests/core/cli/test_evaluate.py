"""The commands on evaluated bundles."""

from pathlib import Path

import pytest

from core.cli.main import main
from tests.core import tiny
from tests.core.cli.support import OPEN_BUNDLE, sentence, use_instead


def test_compare_two_bundles_on_one_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tiny.data_set()
    store, models = data.write(tmp_path / "store.h5"), tmp_path / "models"
    use_instead(monkeypatch, tiny.recipe(), data, models)
    tiny.classifier(models, name="one")
    tiny.classifier(models, name="other")
    assert main(["compare", "one", "other"]) == 1
    assert "The bundle 'one' is not evaluated yet" in sentence(capsys.readouterr().err)
    for name in ("one", "other"):
        assert main(["evaluate", name, "--store", str(store)]) == 0
    capsys.readouterr()
    assert main(["compare", "one", "other"]) == 0
    compared = OPEN_BUNDLE("one", models).card["metrics"]["comparison"]
    value = compared["figures"]["accuracy"]["value"]
    printed = capsys.readouterr().out
    assert (
        f"accuracy                {value:.4f} against {value:.4f}, difference +0.0000 (+0.0000 to +0.0000)" in printed
    )
    assert compared["with"] == "other"
    assert compared["slices"] == (data.table["table-1"] == "test").sum()
