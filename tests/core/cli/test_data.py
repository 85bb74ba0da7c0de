"""The commands on the data set."""

from pathlib import Path

import pytest

from core.cli.main import main
from tests.core.cli.support import sentence


def test_prepare_of_a_missing_folder_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "store" / "figshare.h5"
    assert main(["prepare", str(tmp_path / "nothing"), "--store", str(store)]) == 1
    output = capsys.readouterr()
    message = sentence(output.err)
    assert message.startswith(f"core prepare: '{tmp_path / 'nothing'}' ") and "not a folder" in message
    assert not output.out
    assert not store.parent.exists()
