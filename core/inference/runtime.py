"""Run a bundle's network by LiteRT, without TensorFlow or Keras."""

import contextlib
import queue
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.bundles.bundle import LITE, LITE_VERSION, WEIGHTS, Bundle
from core.config import ROOT
from core.dataset.store import default_store
from core.errors import BundleError
from core.hardware import usable_cores

INTERPRETERS = 2
"""Calls that run at once; a third one waits its turn."""
_CONVERSION_SECONDS = 300


class Runtime:
    """A network held by LiteRT: (n, S, S, C) float32 inputs -> arrays by output name.

    Threads may call it at once: each has an interpreter to itself, or waits for one, first come first served.

    Attributes:
        input_shape: (S, S, C).
        output_sizes: names of what a call returns, and the length of each one's last axis.
    """

    def __init__(self, model: bytes, *, interpreters: int = INTERPRETERS, threads: int | None = None) -> None:
        """Load a model; further interpreters are made when calls meet.

        Args:
            model: the content of a file by ``core.training.lite``.
            interpreters: how many calls run at once, at most.
            threads: of each call; None for as many as there are cores to use.

        Raises:
            ValueError: it is no LiteRT model.
        """
        self._model = model
        self._threads = threads or usable_cores()
        self._free: queue.Queue[Any] = queue.Queue()
        for _ in range(interpreters - 1):
            self._free.put(None)
        runner = self._new_runner()
        self.input_shape = tuple(int(side) for side in runner.get_input_details()["image"]["shape_signature"][1:])
        self.output_sizes = {name: int(of["shape"][-1]) for name, of in runner.get_output_details().items()}
        self._free.put(runner)

    def one_core_each(self, cores: int | None = None) -> "Runtime":
        """Return the same network for many calls at once: each takes one core, and as many run as there are cores."""
        return Runtime(self._model, interpreters=cores or usable_cores(), threads=1)

    def __call__(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Run the network on a batch."""
        with self._runner() as runner:
            outputs: dict[str, np.ndarray] = runner(image=inputs)
        return outputs

    @contextlib.contextmanager
    def _runner(self) -> Iterator[Any]:
        runner = self._free.get()
        try:
            runner = runner or self._new_runner()
            yield runner
        finally:
            self._free.put(runner)

    def _new_runner(self) -> Any:
        from ai_edge_litert.interpreter import Interpreter

        return Interpreter(model_content=self._model, num_threads=self._threads).get_signature_runner()


def load_runtime(bundle: Bundle, *, threads: int | None = None) -> Runtime:
    """Load a bundle's network; one that ships no LiteRT file is converted once, in a process of its own, and kept.

    Args:
        bundle: whose network it is.
        threads: see ``Runtime``.

    Raises:
        BundleError: a file is missing or altered, or cannot be converted or read.
    """
    path = bundle.path(LITE) if LITE in bundle.card.files else _converted(bundle)
    try:
        runtime = Runtime(path.read_bytes(), threads=threads)
    except ModuleNotFoundError as error:
        raise BundleError("The networks are run by ai-edge-litert, which is not installed here.") from error
    except (ValueError, KeyError) as error:
        raise BundleError(
            "{file} of the bundle '{bundle}' is no LiteRT model; take the whole folder models/{bundle} from the "
            "project again.",
            file=path.name,
            bundle=bundle.name,
        ) from error
    stated = bundle.card.input
    expected = (stated.height, stated.width, stated.channels)
    if runtime.input_shape != expected or not set(bundle.tasks) <= set(runtime.output_sizes):
        raise BundleError(
            "{file} of the bundle '{bundle}' is not the network its card describes; take the whole folder "
            "models/{bundle} from the project again.",
            file=path.name,
            bundle=bundle.name,
        )
    return runtime


def conversion_path(bundle: Bundle) -> Path:
    """Return where a bundle's conversion is kept: beside the data set, named after its weights' hash and a version."""
    return default_store().parent / "lite" / f"{bundle.card.files[WEIGHTS].sha256}-{LITE_VERSION}.tflite"


def _converted(bundle: Bundle) -> Path:
    """Return the path of a bundle's conversion; convert it where it is not there."""
    bundle.path(WEIGHTS)
    path = conversion_path(bundle)
    if not path.is_file():
        command = [sys.executable, "-m", "core", "lite", bundle.name, "--models", str(bundle.folder.parent)]
        command += ["--into", str(path)]
        try:
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=_CONVERSION_SECONDS)
        except (OSError, subprocess.SubprocessError) as error:
            raise BundleError(
                "The network of the bundle '{bundle}' could not be converted for LiteRT; choose a bundle that ships "
                "its LiteRT file.",
                bundle=bundle.name,
            ) from error
    return path
