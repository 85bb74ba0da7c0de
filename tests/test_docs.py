"""Documents name files that exist."""

import re

import pytest

from core.config import ROOT

DOCUMENTS = (
    "README.md",
    "README.es.md",
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/training.md",
    "docs/deploy.md",
)
PLACES = (
    "app.py",
    "core/",
    "docs/",
    "locale/",
    "models/",
    "pages/",
    "panels/",
    "pretrained/",
    "recipes/",
    "samples/",
    "scripts/",
)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_path_that_a_document_names_exists(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    named = {path for path in re.findall(r"[\w.-]+(?:/[\w.-]*)+|app\.py", text) if path.startswith(PLACES)}
    assert named, "the document names paths"
    assert not [path for path in sorted(named) if "NAME" not in path and not (ROOT / path.rstrip(".")).exists()]


def test_the_architecture_names_every_package_of_core() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = [path.parent.name for path in (ROOT / "core").glob("*/__init__.py")]
    assert len(packages) > 9
    assert not [name for name in packages if f"\n  {name}/" not in text]


def test_every_row_on_robustness_names_tests_that_exist() -> None:
    text = (ROOT / "docs" / "robustness.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|") and "---" not in line]
    files = list((ROOT / "tests").rglob("test_*.py"))
    written = "\n".join(path.read_text(encoding="utf-8") for path in files)
    known = {path.name for path in files} | set(re.findall(r"^ *def (test_\w+)", written, re.MULTILINE))
    for row in rows:
        if row[-1] == "test":
            continue
        named = row[-1].replace("`", " ").replace(",", " ").replace(":", " ").split()
        assert named and len(row) == 3, row
        for name in named:
            assert (ROOT / name).exists() if "/" in name else name in known, name
