"""The commands on evaluated bundles."""

import re

import pytest

from core.bundles.bundle import open_bundle
from core.cli.main import main
from tests.core import tiny
from tests.core.cli.conftest import Workplace
from tests.core.cli.support import sentence


def test_compare_two_bundles_on_one_data_set(workplace: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    data, store, models, _ = vars(workplace).values()
    tiny.classifier(models, name="one")
    tiny.classifier(models, name="other")
    assert main(["compare", "one", "other"]) == 1
    assert "'one' is not" in sentence(capsys.readouterr().err)
    for name in ("one", "other"):
        assert main(["evaluate", name, "--store", str(store)]) == 0
    capsys.readouterr()
    assert main(["compare", "one", "other"]) == 0
    compared = open_bundle("one").card.metrics.comparison
    value = compared.figures["accuracy"].value
    printed = capsys.readouterr().out
    assert re.search(rf"accuracy +{value:.4f} .*{value:.4f}, .*\+0\.0000 \(\+0\.0000 to \+0\.0000\)", printed)
    assert compared.other == "other"
    assert compared.slices == (data.table["table-1"] == "test").sum()
