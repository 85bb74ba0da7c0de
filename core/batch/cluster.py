"""A batch over a Ray cluster: portions of files go to a pool of actors, each portion becomes one Parquet file.

A portion's file has one name, whoever answers it, and is written whole. A portion that is lost with its machine is
answered by another actor, and none stands twice in the result. A run that is started again leaves out portions whose
file is there.
"""

import hashlib
import json
import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from core.batch.answering import Answerer, BatchOptions, Outcome
from core.batch.inputs import group_files
from core.batch.manifest import MANIFEST, batch_bundles, batch_manifest, require_same
from core.batch.run import Advance, Summary, series_rows
from core.batch.sources import Member
from core.batch.table import ERROR, table_schema
from core.bundles.bundle import open_bundle
from core.config import ROOT
from core.errors import BatchError
from core.files import write_whole
from core.inference.volumes.analysis import sure_probability

LOCAL = "local"
"""The address of a cluster of this machine alone, which is started for the run."""
RESULTS = "results"
"""The folder of the Parquet files; ``pandas.read_parquet`` reads it as one table."""
_SERIES = "series.parquet"
"""In that folder, the rows of pictures that were answered together; written last."""
_PORTION, _DICOM_PORTION = 32, 512
"""Files that are answered together; where a series of DICOM files may be among them, as many as a volume has slices."""
_FILES_KEY = b"slicescope_files"
"""Of a Parquet file's metadata: the digest of the portion's files."""
_CHANGES = ("size", "mtime", "LastModified", "ETag", "etag", "updated", "last_modified")
"""What file systems state that changes with a file's content."""
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


@dataclass(frozen=True)
class RemoteFile(Member):
    """A file at an address that fsspec reads; ``source`` is the address."""

    def read(self, most: int) -> bytes:
        """Return the file's first bytes, at most ``most``.

        Raises:
            OSError: it cannot be read.
        """
        import fsspec

        with fsspec.open(self.source, "rb") as file:
            return bytes(file.read(most))


@dataclass(frozen=True)
class Portion:
    """Files that one actor answers together.

    Attributes:
        name: of its Parquet file.
        addresses: of the files.
        digest: of the addresses, and of what the file system states of the files.
    """

    name: str
    addresses: tuple[str, ...]
    digest: str


def run_on_cluster(
    sources: tuple[str, ...],
    out: str,
    options: BatchOptions,
    *,
    cluster: str = LOCAL,
    actors: int = 1,
    as_series: bool = False,
    begin: Callable[[int], Advance] = lambda files: lambda outcome: None,
) -> Summary:
    """Answer sources into a folder by a Ray cluster; one that holds a run of the same options goes on.

    Args:
        sources: addresses of files and folders, and patterns, that fsspec reads, such as ``s3://bucket/scans/*.png``.
        out: address of the folder.
        options: of the answers.
        cluster: address of the cluster, or ``LOCAL``. The project stands in this folder on each of its machines.
        actors: most processes that answer at once, one core each.
        as_series: whether the pictures of a folder are one series, and have a row together.
        begin: is given the number of files, and returns what is given the outcome of each portion.

    Raises:
        BatchError: Ray is not installed, a source is missing or empty, or the folder is another run's.
    """
    try:
        import ray
    except ModuleNotFoundError as error:
        raise BatchError(
            "Ray is not installed here; '.venv/bin/pip install -r requirements-scale.txt' installs it."
        ) from error
    portions = list(_portions(sources))
    if not portions:
        raise BatchError("The sources hold no file; addresses of slices and volumes, or of folders, are needed.")
    _check_manifest(out, options)
    advance, summary = begin(sum(len(portion.addresses) for portion in portions)), Summary()
    ray.init(
        None if cluster == LOCAL else cluster,
        num_cpus=actors + 1 if cluster == LOCAL else None,
        runtime_env={"env_vars": _environment()},
        log_to_driver=False,
        ignore_reinit_error=True,
    )
    try:
        data = ray.data.from_items(
            [asdict(portion) for portion in portions], override_num_blocks=min(len(portions), 16 * actors)
        )
        pool = ray.data.ActorPoolStrategy(min_size=1, max_size=actors)
        told = data.map(_PortionAnswerer, fn_constructor_args=(options, out), compute=pool, num_cpus=1)
        for row in told.iter_rows():
            summary.slices += row["slices"]
            summary.failed += row["failed"]
            advance(Outcome([], row["files"], row["slices"]))
    finally:
        ray.shutdown()
    if as_series:
        _write_series(out, [portion.name for portion in portions], options)
    return summary


def _write_series(out: str, names: Iterable[str], options: BatchOptions) -> None:
    """Write the rows of the series among a run's portions, which may lie in several of them."""
    import fsspec
    import pyarrow.parquet as pq

    classifier = batch_bundles(options)[0]
    schema = table_schema(classifier.card.classes)

    def tables() -> Iterator[Any]:
        for name in names:
            with fsspec.open(f"{out}/{RESULTS}/{name}", "rb") as file:
                yield pq.read_table(file, schema=schema)

    rows = series_rows(tables(), sure=sure_probability(classifier))
    _put(f"{out}/{RESULTS}/{_SERIES}", _parquet(rows, schema, ""))


class _PortionAnswerer:
    """Answers portions in an actor's process."""

    def __init__(self, options: BatchOptions, out: str) -> None:
        self._out = out
        self._answer = Answerer(options, self._write)
        self._schema = table_schema(open_bundle(options.classifier).card.classes)

    def __call__(self, portion: dict[str, Any]) -> dict[str, Any]:
        """Answer a portion and write its file, where it is not there; tell what became of it."""
        path = f"{RESULTS}/{portion['name']}"
        files, slices, failed = len(portion["addresses"]), 0, 0
        if self._stored_digest(path) != portion["digest"]:
            members = [_member(address) for address in portion["addresses"]]
            outcomes = [self._answer(given, None) for given in group_files(members)]
            rows = [row for outcome in outcomes for row in outcome.rows]
            slices = sum(outcome.slices for outcome in outcomes)
            failed = sum(row["of"] == ERROR for row in rows)
            self._write(path, _parquet(rows, self._schema, portion["digest"]))
        return {"files": files, "slices": slices, "failed": failed}

    def _stored_digest(self, name: str) -> str | None:
        """Return the digest of the files whose answers stand in a Parquet file; None where there is none."""
        import fsspec
        import pyarrow.parquet as pq

        try:
            with fsspec.open(f"{self._out}/{name}", "rb") as file:
                metadata = pq.read_schema(file).metadata or {}
        except (OSError, ValueError):
            return None
        return metadata.get(_FILES_KEY, b"").decode()

    def _write(self, name: str, content: bytes) -> None:
        """Write a file of the result, as a whole."""
        _put(f"{self._out}/{name}", content)


def _put(address: str, content: bytes) -> None:
    """Write a file that others see whole or not at all."""
    import fsspec

    system, path = fsspec.url_to_fs(address)
    if "file" in system.protocol:
        write_whole(Path(path), content)
    else:  # an object store shows a file once it is whole
        system.pipe_file(path, content)


def _parquet(rows: Sequence[dict[str, Any]], schema: Any, digest: str) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema.with_metadata({_FILES_KEY: digest})), sink)
    return bytes(sink.getvalue())


def _portions(sources: tuple[str, ...]) -> Iterator[Portion]:
    """Yield the files of sources by folder and name, in portions.

    Raises:
        BatchError: a source cannot be listed.
    """
    folders: dict[str, dict[str, str]] = {}
    for source in sources:
        for address, state in _list(source):
            folders.setdefault(posixpath.dirname(address), {})[address] = state
    for folder, files in folders.items():
        addresses = sorted(files)
        size = _DICOM_PORTION if any(map(_may_be_dicom, addresses)) else _PORTION
        for start in range(0, len(addresses), size):
            chosen = tuple(addresses[start : start + size])
            digest = hashlib.sha256(json.dumps([(one, files[one]) for one in chosen]).encode()).hexdigest()
            place = hashlib.sha256(f"{folder} {start}".encode()).hexdigest()[:16]
            yield Portion(f"{place}.parquet", chosen, digest)


def _list(source: str) -> Iterator[tuple[str, str]]:
    """Yield the addresses of a source's files, hidden ones apart, and what changes with their content."""
    import fsspec

    try:
        system, path = fsspec.url_to_fs(source)
        found = system.find(path, detail=True) if system.isdir(path) else system.glob(path, detail=True)
    except (OSError, ValueError, ImportError) as error:
        raise BatchError(
            "{source} cannot be listed ({error}); an address that fsspec reads is needed.", source=source, error=error
        ) from error
    if not found:
        raise BatchError("{source} holds no file; a slice, a volume, or a folder of them is needed.", source=source)
    for name, facts in sorted(found.items()):
        if facts["type"] == "file" and not PurePosixPath(name).name.startswith("."):
            yield system.unstrip_protocol(name), str([str(facts[key]) for key in _CHANGES if key in facts])


def _may_be_dicom(address: str) -> bool:
    return PurePosixPath(address).suffix.lower() in ("", ".dcm", ".ima")


def _member(address: str) -> RemoteFile:
    path = PurePosixPath(address)
    return RemoteFile(address, posixpath.dirname(address), path)  # type: ignore[arg-type]


def _check_manifest(out: str, options: BatchOptions) -> None:
    """Write the manifest where there is none, and compare it with the one that is there.

    Raises:
        BatchError: the folder holds answers of another network or of other options.
    """
    import fsspec

    manifest, address = batch_manifest(options), f"{out}/{MANIFEST}"
    try:
        with fsspec.open(address, "r", encoding="utf-8") as file:
            stored = file.read()
    except FileNotFoundError:
        _put(address, json.dumps(manifest, indent=2).encode())
    else:
        require_same(stored, manifest, out)


def _environment() -> dict[str, str]:
    """Return the environment of an actor: one thread, this folder's code, and the project's own settings."""
    own = {name: value for name, value in os.environ.items() if name.startswith("SLICESCOPE_")}
    return _ENVIRONMENT | own
