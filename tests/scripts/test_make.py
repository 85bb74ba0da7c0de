"""make removes what it made, and nothing else, whatever the folders are called."""

import shutil
import subprocess
from pathlib import Path

import pytest

from core.config import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The Makefile and its scripts in a folder with spaces and letters of many kinds."""
    folder = tmp_path / "mi proyecto – größer"
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    for script in (ROOT / "scripts").glob("*.sh"):
        shutil.copy(script, folder / "scripts")
    return folder


def distclean(project: Path, venv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", "distclean", f"VENV={venv}"], cwd=project, capture_output=True, text=True)


def make_venv(folder: Path) -> Path:
    folder.mkdir()
    (folder / "pyvenv.cfg").write_text("home = /usr/bin")
    (folder / "installed-requirements.txt").write_text("")
    return folder


@pytest.mark.parametrize("venv", [".venv", "../venv dir", "../venv $HOME 'é'", "-rf"])
def test_distclean_removes_the_virtual_environment_of_any_name(project: Path, venv: str) -> None:
    made = make_venv(project / venv)
    others = [project / ".." / name for name in ("venv", "dir")]
    for other in others:
        other.mkdir()
        (other / "kept").touch()
    spare = make_venv(project / ".venv-3.12")
    if venv.startswith("-"):
        venv = f"./{venv}"
    done = distclean(project, venv.replace("$", "$$"))
    assert done.returncode == 0, done.stderr
    assert not made.exists() and not spare.exists()
    assert all((other / "kept").exists() for other in others)


def test_distclean_leaves_a_folder_that_is_no_virtual_environment_of_the_project(project: Path) -> None:
    foreign = project.parent / "work"
    foreign.mkdir()
    (foreign / "pyvenv.cfg").touch()
    done = distclean(project, "../work")
    assert done.returncode != 0 and "../work" in done.stderr
    assert (foreign / "pyvenv.cfg").exists()


def test_clean_keeps_what_is_no_cache(project: Path) -> None:
    (project / "core" / "__pycache__").mkdir(parents=True)
    (project / "core" / "kept.py").touch()
    subprocess.run(["make", "clean"], cwd=project, check=True)
    assert (project / "core" / "kept.py").exists() and not (project / "core" / "__pycache__").exists()


TARGETS = {
    "run": "streamlit run app.py",
    "dev": "fileWatcherType auto",
    "lint": "mypy",
    "test": "pytest -n auto",
    "browser-test": "pytest -m browser",
    "fuzz": "scripts/fuzz.py 7",
    "setup": None,
}
"""What the virtual environment's Python is asked by each target, but for installing."""


@pytest.mark.parametrize("venv", ["../venv dir", "../größer $HOME 'é'"])
@pytest.mark.parametrize("target", TARGETS)
def test_every_target_uses_a_virtual_environment_of_any_name(project: Path, venv: str, target: str) -> None:
    made, log = make_venv(project / venv), project / "asked"
    python = made / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\necho "$@" >> "{log}"\n', encoding="utf-8")
    python.chmod(0o755)
    names = [path.name for path in ROOT.glob("requirements*.txt")]
    for name in names:
        shutil.copy(ROOT / name, project)
    wanted = "".join(path.read_text(encoding="utf-8") for path in sorted(project.glob("requirements*.txt")))
    for name in names:
        (made / f"installed-{name}").write_text(wanted, encoding="utf-8")
    command = ["make", target, f"VENV={venv.replace('$', '$$')}", "SECONDS=7"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    asked = log.read_text(encoding="utf-8")
    assert "pip install" not in asked and (TARGETS[target] or "") in asked
    assert not any((project.parent / name).exists() for name in ("venv", "dir", "größer"))
