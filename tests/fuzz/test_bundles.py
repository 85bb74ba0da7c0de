"""Whatever a bundle's file holds, though its size and hash are the card's: it is read, or refused in one sentence."""

from pathlib import Path

import pytest
from hypothesis import event, given
from hypothesis import strategies as some

from core.bundles.bundle import CARD, LITE, WEIGHTS, open_bundle
from core.errors import BundleError
from tests.fuzz.mutations import damaged
from tests.pages.whole_app.test_broken_bundles import READERS, is_one_sentence, owner, put, replace
from tests.settings import SHIPPED_MODELS

_LARGEST = 300_000
WHOLES = {
    file: data
    for file in (CARD, *READERS)
    if len(data := (SHIPPED_MODELS / owner(file) / file).read_bytes()) <= _LARGEST
}
"""The small files: a failing case is printed whole."""
CELLS = (
    b"",
    b"nan",
    b"inf",
    b"-1",
    b"1e309",
    b"2",
    b"glioma",
    b"=1+1",
    b'"',
    b"99999999999999999999",
    b"True",
    b"\xff",
)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for name in {owner(file) for file in READERS}:
        (folder / name).mkdir()
        for path in (SHIPPED_MODELS / name).iterdir():
            if path.name not in (WEIGHTS, LITE):
                (folder / name / path.name).symlink_to(path)
    return folder


@some.composite
def other_cells(draw, whole: bytes) -> bytes:
    """A table with a few other cells, rows left out or repeated, or another heading."""
    rows = [row.split(b",") for row in whole.splitlines()]
    for _ in range(draw(some.integers(1, 4))):
        row = rows[draw(some.integers(0, min(20, len(rows) - 1)) | some.integers(0, len(rows) - 1))]
        row[draw(some.integers(0, len(row) - 1))] = draw(some.sampled_from(CELLS))
    last = draw(some.sampled_from([len(rows)] * 4 + [0, 1, 2, len(rows) // 2]))
    rows = rows[:last] + draw(some.sampled_from([[], [], rows[1:2], [rows[0]]]))
    return b"\n".join(b",".join(row) for row in rows)


def read(models: Path, file: str, content: bytes) -> None:
    bundle = owner(file)
    folder = models / bundle
    try:
        if file == CARD:
            replace(folder / file, content)
            open_bundle(bundle, models)
        else:
            put(folder, file, content)
            READERS[file](open_bundle(bundle, models))
        event("read")
    except BundleError as error:
        event("refused")
        assert is_one_sentence(str(error)) and len(str(error)) < 600, str(error)
    finally:
        for name in (file, CARD):
            (folder / name).unlink()
            (folder / name).symlink_to(SHIPPED_MODELS / bundle / name)


tables = sorted(file for file in WHOLES if file.endswith(".csv"))


@given(some.data(), some.sampled_from(tables))
def test_a_table_with_other_cells(models, data, file):
    read(models, file, data.draw(other_cells(WHOLES[file])))


@given(some.data(), some.sampled_from(sorted(WHOLES)))
def test_a_damaged_file(models, data, file):
    read(models, file, data.draw(damaged([WHOLES[file]])))
