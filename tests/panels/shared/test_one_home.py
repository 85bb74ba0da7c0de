"""What several pages need is written once, in panels/shared or in core, and they all use it."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.bundles.bundle import REPORT_CLASSIFIER, open_bundle
from core.config import ROOT
from core.files import table_csv, write_table
from panels.shared.slices.image import heat_legend

SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for top in ("core", "panels", "pages", "scripts")
    for path in (ROOT / top).rglob("*.py")
}


@pytest.mark.parametrize(
    ("pattern", "homes"),
    [
        (r"\.download_button\(", {"panels/shared/controls.py"}),
        (r"\.to_csv\(|csv\.(Dict)?[wW]riter\(", {"core/files.py"}),
        (r"yellow: true", {"panels/shared/slices/image.py"}),
        (r"hash_funcs=\{[^}]*Bundle", set()),
    ],
)
def test_it_is_written_in_one_place(pattern: str, homes: set[str]) -> None:
    assert {name for name, text in SOURCES.items() if re.search(pattern, text)} == homes


def test_a_bundle_has_another_fingerprint_once_any_of_its_files_has_changed() -> None:
    bundle = open_bundle(REPORT_CLASSIFIER)
    prints = {bundle.fingerprint, replace(bundle, folder=bundle.folder.with_name("copy")).fingerprint}
    for file, facts in bundle.card.files.items():
        files = bundle.card.files | {file: facts.model_copy(update={"sha256": "0" * 64})}
        prints.add(replace(bundle, card=bundle.card.model_copy(update={"files": files})).fingerprint)
    assert len(prints) == 2 + len(bundle.card.files)
    assert open_bundle(REPORT_CLASSIFIER).fingerprint == bundle.fingerprint


def test_a_table_is_the_same_as_a_file_and_as_a_download(tmp_path: Path) -> None:
    table = pd.DataFrame({"slice": [1, 2], "p": [1 / 3, np.nan]})
    write_table(tmp_path / "t.csv", table)
    assert (tmp_path / "t.csv").read_bytes() == table_csv(table).encode() == b"slice,p\n1,0.333333\n2,\n"


def test_a_heat_maps_legend_says_whether_it_is_empty_and_whether_it_follows_the_mask() -> None:
    assert heat_legend(np.zeros((2, 2)), "glioma") != heat_legend(np.ones((2, 2)), "glioma")
    assert heat_legend(np.ones((2, 2))) != heat_legend(np.ones((2, 2)), follows_mask=True)
