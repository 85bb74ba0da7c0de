"""Shared fixtures: a made-up data set in the published layout, its store, and the real data set."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.dataset.prepare import WholeSet, prepare
from core.dataset.store import STORE_NAME, Store
from tests.patient_ids import read_ids
from tests.published import a_slice, cvind_bytes, mat_bytes
from tests.settings import configured
from tests.shared import SHARED


@dataclass(frozen=True)
class TinySet:
    """A made-up data set, small enough to prepare in a moment.

    Attributes:
        slices: number of slices of the whole set.
        part: slices a part.
        side: side in pixels; slice 5 has half of it.
        labels: label of slice 1, 2, …
        pids: patient id of slice 1, 2, …
        folds: official fold of slice 1, 2, …
    """

    slices: int = 12
    part: int = 4
    side: int = 64
    labels: tuple[int, ...] = (1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3)
    # Not in order, to test numbering by appearance; two ids differ by a final letter only.
    pids: tuple[str, ...] = (
        "PATNT77", "PATNT77", "PATNT12", "PATNT12", "ZZ000001", "ZZ000001",
        "ZZ000001B", "ZZ000001B", "PATNT03", "PATNT77", "PATNT91", "PATNT91",
    )  # fmt: skip
    folds: tuple[int, ...] = (1, 1, 2, 2, 3, 3, 4, 4, 5, 1, 5, 5)

    def counts(self) -> dict[str, int]:
        """Return the number of slices of each class."""
        return {"meningioma": 4, "glioma": 5, "pituitary": 3}

    def mat(self, number: int) -> bytes:
        """Return the .mat file of slice ``number``."""
        pixels, mask, border = a_slice(number, side=self.side // 2 if number == 5 else self.side)
        return mat_bytes(pixels, mask, label=self.labels[number - 1], pid=self.pids[number - 1], border=border)

    def write(self, folder: Path) -> Path:
        """Write every slice and cvind.mat as loose files."""
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, self.slices + 1):
            (folder / f"{number}.mat").write_bytes(self.mat(number))
        (folder / "cvind.mat").write_bytes(cvind_bytes(list(self.folds)))
        return folder

    @property
    def whole(self) -> WholeSet:
        """This set as the whole data set."""
        return WholeSet(self.slices, len(set(self.pids)), self.counts(), self.side, self.part)


@pytest.fixture(scope="session", autouse=True)
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A folder that all processes of the test run share; see ``tests.shared``."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SHARED, str(folder / "shared"))
        yield


@pytest.fixture(scope="session", autouse=True)
def figshare_left_alone() -> Iterator[None]:
    """Fetch nothing from figshare unasked: no test reaches the live site."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLICESCOPE_FIGSHARE", "0")
        yield


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Hear Ctrl-C, and so let child processes: a shell that runs the tests in the background has it ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Put back the main module after each test: AppTest leaves the app's there, and child processes would run it."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture
def configure() -> Iterator[Callable[..., None]]:
    """Change the paths of ``core.config`` until the test ends: models, recipes, searches or splits, by name."""
    with ExitStack() as stack:
        yield lambda **values: stack.enter_context(configured(**values))


@pytest.fixture(scope="session")
def tiny_set() -> TinySet:
    """The made-up data set, which holds no state."""
    return TinySet()


@pytest.fixture(scope="session")
def published_folder(tiny_set: TinySet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the made-up set's .mat files; read it only, copy it to change it."""
    return tiny_set.write(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="session")
def tiny_store_path(tiny_set: TinySet, published_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up set prepared: figshare.h5 in a folder of its own."""
    path = tmp_path_factory.mktemp("store") / STORE_NAME
    outcome = prepare(published_folder, path, whole=tiny_set.whole)
    assert outcome.written, outcome.problems
    return path


@pytest.fixture
def tiny_store(tiny_store_path: Path) -> Iterator[Store]:
    """The made-up set's store, open: 12 slices of 64 pixels (slice 5: 32)."""
    with Store(tiny_store_path) as store:
        yield store


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name a case of bytes by its argument: bytes may differ between workers, and then none of them starts."""
    return argname if isinstance(val, bytes) else None


BEGUN_FIRST = (
    "core/search/test_worker.py",
    "pages/test_explain.py",
    "core/cli/test_batch.py",
    "core/training/test_trainer.py",
    "pages/whole_app/test_every_bundle.py",
    "core/ood/test_fit.py",
    "core/inference/test_predictor.py",
    "core/search/test_full_size.py",
    "pages/whole_app/test_memory.py",
    "core/inference/test_runtime.py",
    "test_imports.py",
)
"""The files of tests that take longest: a process that began one last would work alone at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files. Skip the tests marked ``dataset`` where SLICESCOPE_DATA names no folder."""
    place = {Path(__file__).parent / name: number for number, name in enumerate(BEGUN_FIRST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))
    if os.environ.get("SLICESCOPE_DATA"):
        return
    skip = pytest.mark.skip(reason="SLICESCOPE_DATA names no folder with the data set")
    for item in items:
        if item.get_closest_marker("dataset"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder with the real data set: figshare.h5, mats/ and raw/. For tests marked ``dataset``."""
    return Path(os.environ["SLICESCOPE_DATA"])


@pytest.fixture
def data_store(data_folder: Path) -> Iterator[Store]:
    """The real data set's store, open."""
    with Store(data_folder / STORE_NAME) as store:
        yield store


@pytest.fixture(scope="session")
def mats_folder(data_folder: Path) -> Path:
    """The folder of the real data set's .mat files, where they lie beside the store."""
    return _beside_the_store(data_folder, "mats")


@pytest.fixture(scope="session")
def raw_folder(data_folder: Path) -> Path:
    """The folder of a few of them whose intensities have a gain and an offset."""
    return _beside_the_store(data_folder, "raw")


def _beside_the_store(data_folder: Path, name: str) -> Path:
    if not (data_folder / name).is_dir():
        pytest.skip(f"no {name}/ beside the store")
    return data_folder / name


@pytest.fixture(scope="session")
def patient_ids(mats_folder: Path) -> frozenset[str]:
    """The real data set's patient ids."""
    return read_ids(mats_folder)
