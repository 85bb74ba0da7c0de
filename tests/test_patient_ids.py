"""No patient id of the data set stands anywhere in the project: they are the patients', not ours to pass on."""

import subprocess

import pytest

from core.config import ROOT
from tests.patient_ids import ids_in


def project_texts() -> dict[str, str]:
    """The text of every file of the project that is one, by path; of new files too, but of no ignored ones."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("the project's files are known to git only")
    found = {}
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        # A file may have been removed and not yet be forgotten.
        data = path.read_bytes() if name and path.is_file() else b"\0"
        if b"\0" not in data:
            found[name] = data.decode("utf-8", "replace")
    assert {"README.md", "core/dataset/splits.csv", "tests/conftest.py"} <= set(found)
    return found


def test_an_id_is_found_as_a_word_of_its_own_only():
    ids = frozenset({"ZZ000001", "98765"})
    assert ids_in('pid = "ZZ000001", 98765, 3', ids) == ids
    assert not ids_in("ZZ000001B, 0.98765, 198765, c98765d", ids)


@pytest.mark.dataset
def test_no_file_of_the_project_holds_a_patient_id(patient_ids):
    found = {name: ids_in(text, patient_ids) for name, text in project_texts().items()}
    assert [name for name, ids in found.items() if ids] == []
