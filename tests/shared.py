"""What a test run makes once for all its processes: files and bundles that take seconds to make."""

import fcntl
import functools
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.bundles.bundle import Bundle, open_bundle
from core.config import recipes_folder, splits_file

SHARED = "SLICESCOPE_TEST_SHARED"
"""The environment variable that names the test run's shared folder."""


def shared(name: str, make: Callable[[Path], object]) -> Path:
    """Return the shared file or folder of this name, which ``make`` writes where there is none; do not change it."""
    path = Path(os.environ[SHARED]) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            unfinished = path.with_name(f"{os.getpid()}-{name}")
            make(unfinished)
            unfinished.rename(path)
    return path


def made_once(make: Callable[..., Bundle]) -> Callable[..., Bundle]:
    """Let a function of a folder of models and options make each bundle once; every call gets a copy of its own."""

    @functools.wraps(make)
    def copy(models: Path, **options: Any) -> Bundle:
        splits = hashlib.sha256(splits_file().read_bytes()).hexdigest()
        named = sorted((name, getattr(value, "__name__", value)) for name, value in options.items())
        stated = repr((named, splits, recipes_folder()))
        name = f"{make.__name__}-{hashlib.sha256(stated.encode()).hexdigest()}"
        (folder,) = (path for path in shared(name, lambda fresh: make(fresh, **options)).iterdir() if path.is_dir())
        shutil.copytree(folder, models / folder.name)
        return open_bundle(folder.name, models)

    return copy
