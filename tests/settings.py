"""Other folders for a while: how tests change where the program finds bundles, recipes, searches and splits."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.config import models_folder

SHIPPED_MODELS = models_folder()
"""The shipped bundles; looked up here, before a test changes it."""


@contextmanager
def configured(**paths: Path) -> Iterator[None]:
    """Let the functions of ``core.config`` return other paths within a block: configured(models=folder, splits=table).

    A test uses the fixture ``configure``.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, path in paths.items():
            patch.setenv(f"SLICESCOPE_{name.upper()}", str(path))
        yield


def link_bundles(folder: Path, *names: str) -> Path:
    """Make a folder of models that holds some of the shipped bundles, as links; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).symlink_to(SHIPPED_MODELS / name)
    return folder
