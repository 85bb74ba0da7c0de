"""Read files in a process of its own, which can be ended: no file takes the app's time or memory.

The process starts with the first file and stays for the next. It loads no TensorFlow, takes one file at a time, and
ends with its parent. It is this module, run.
"""

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO, Any

from core.config import ROOT
from core.errors import SliceError, SliceScopeError, WorkerError
from core.readers.slices import Slice, check_size, read_slice
from core.readers.volumes.files import WHOLE, VolumeChoice, check_volume_size, read_volume
from core.readers.volumes.identity import read_identity
from core.readers.volumes.volume import Volume
from core.translation.messages import Message, mark

SECONDS = 10.0
"""Longest processor time for one file."""
PATIENCE = 3
"""How many times as long a file may take on a busy machine (or one that does not count processor time: Windows)."""
MEMORY = 1536 * 2**20
"""Most memory of the process, in bytes, on Linux, which bounds it; the largest slice takes less."""
VOLUME_SECONDS = 30.0
"""Longest processor time for a volume's files."""
UNEXPECTED = mark("The file could not be read; save the slice as PNG.")
"""What is said of a file whose reading ends in an error of no known kind."""
UNEXPECTED_VOLUME = mark("The volume could not be read; save it as uncompressed DICOM or NIfTI.")
_SLICE, _VOLUME, _IDENTITY = "slice", "volume", "identity"
_ADVICE = {
    _SLICE: mark("save the slice as PNG"),
    _VOLUME: mark("save it as uncompressed DICOM or NIfTI"),
    _IDENTITY: mark("leave patient and study out"),
}
"""What ends the sentence about a file that cannot be read, by what is read."""
_START_SECONDS = 60.0
_ENDING_SECONDS = 2.0
_ENDED_BY_TIME = [-getattr(signal, name) for name in ("SIGPROF", "SIGALRM") if hasattr(signal, name)]
"""What a process returns that the system has ended for its time."""
# One thread reads; further ones would only take memory. Large arrays go back to the system (glibc) once they are sent.
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_MMAP_THRESHOLD_": "131072"}


class Decoder:
    """A process that reads one file after the other; threads may call it at once.

    Args:
        seconds: longest processor time for one file.
        volume_seconds: longest processor time for a volume's files.
        command: what to start.
    """

    def __init__(
        self,
        *,
        seconds: float = SECONDS,
        volume_seconds: float = VOLUME_SECONDS,
        command: tuple[str, ...] = ("-m", "core.readers.decoder"),
    ) -> None:
        self._seconds = seconds
        self._volume_seconds = volume_seconds
        self._command = command
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, data: bytes, name: str) -> Slice:
        """Read a file as ``core.readers.slices.read_slice`` does.

        Raises:
            SliceError: see ``read_slice``; or the file takes too long, or ends the process.
            WorkerError: the process cannot be started.
        """
        check_size(len(data))
        read: Slice = self._ask(_SLICE, (data, name), self._seconds)
        return read

    def read_volume(
        self, files: Sequence[bytes], name: str, choice: VolumeChoice = WHOLE, *, labels: bytes | None = None
    ) -> Volume:
        """Read a volume's files as ``core.readers.volumes.files.read_volume`` does.

        Raises:
            SliceError: see ``read_volume``; or the files take too long, or end the process.
            WorkerError: the process cannot be started.
        """
        check_volume_size(sum(map(len, files)) + len(labels or b""))
        arguments = (list(files), name, choice, labels)
        read: Volume = self._ask(_VOLUME, arguments, self._volume_seconds)
        return read

    def read_identity(self, files: Sequence[bytes], frame_of_reference: str) -> dict[str, str]:
        """Read patient and study as ``core.readers.volumes.identity.read_identity`` does.

        Raises:
            SliceError: see ``read_identity``; or the files take too long, or end the process.
            WorkerError: the process cannot be started.
        """
        check_volume_size(sum(map(len, files)))
        arguments = (list(files), frame_of_reference)
        read: dict[str, str] = self._ask(_IDENTITY, arguments, self._volume_seconds)
        return read

    def _ask(self, reading: str, arguments: tuple[Any, ...], seconds: float) -> Any:
        """Have the process read, and return what it reads."""
        with self._lock:
            process = self._running()
            in_time, answer = _within(PATIENCE * seconds, process, (reading, arguments, seconds))
            if answer is None:
                self._process = None
        if isinstance(answer, SliceScopeError):
            raise answer
        if answer is not None:
            return answer
        advice = Message(_ADVICE[reading])
        if in_time:
            raise SliceError("The file is damaged in a way that ends its reading; {advice}.", advice=advice)
        raise SliceError("The file takes more than {seconds:g} s to read; {advice}.", seconds=seconds, advice=advice)

    def end(self) -> None:
        """End the process; the next file starts another."""
        with self._lock:
            process, self._process = self._process, None
            if process is not None:
                _pipe(process.stdin).close()
                _end(process)

    @property
    def pid(self) -> int | None:
        """The number of the process that would read the next file, or None where one must be started."""
        return self._process.pid if self._process else None

    def _running(self) -> "subprocess.Popen[bytes]":
        """Return the process; start one where there is none, or it has ended."""
        if self._process is None or self._process.poll() is not None:
            self._process = self._start()
        return self._process

    def _start(self) -> "subprocess.Popen[bytes]":
        try:
            process = subprocess.Popen(
                [sys.executable, *self._command],
                cwd=ROOT,
                env=os.environ | _ENVIRONMENT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise _not_started() from error
        _, ready = _within(_START_SECONDS, process, None)
        if ready is None:
            raise _not_started()
        return process


def _not_started() -> WorkerError:
    return WorkerError("The process that reads files could not be started; try again, or choose a sample.")


def _within(seconds: float, process: "subprocess.Popen[bytes]", request: Any) -> tuple[bool, Any]:
    """Send a process something, if anything, and return its answer; end it where that takes too long.

    Returns:
        Whether it was in time, and the answer, or None where the process has ended.
    """
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        if request is not None:
            pickle.dump(request, _pipe(process.stdin), protocol=5)
            _pipe(process.stdin).flush()
        answer = pickle.load(_pipe(process.stdout))
    except BaseException as error:
        # An answer that nobody has waited for must not be taken for the next file's.
        _end(process)
        if not isinstance(error, Exception):
            raise
        answer = None
    finally:
        timer.cancel()
    return not late.is_set() and process.returncode not in _ENDED_BY_TIME, answer


def _end(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_ENDING_SECONDS)  # it may be ending itself, which tells why
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            _pipe(pipe).close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def _serve() -> None:
    """Read the files that come on standard input until it ends, as it does with the parent."""
    _bound_memory()
    # What a library prints must not stand between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    answer: Any = True
    while True:
        pickle.dump(answer, answers, protocol=5)
        answers.flush()
        del answer
        try:
            reading, arguments, seconds = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        _bound_time(seconds)
        answer = _answer(reading, arguments)
        _bound_time(0)
        del arguments


def _answer(reading: str, arguments: tuple[Any, ...]) -> Slice | Volume | dict[str, str] | SliceScopeError:
    try:
        if reading == _VOLUME:
            return read_volume(*arguments, consume=True)
        return read_slice(*arguments) if reading == _SLICE else read_identity(*arguments)
    except SliceScopeError as error:
        return type(error)(error.message)  # without its cause, which need not be fit for sending
    except Exception:  # such as MemoryError
        return SliceError(UNEXPECTED if reading == _SLICE else UNEXPECTED_VOLUME)


def _bound_memory() -> None:
    if sys.platform == "linux":
        import resource

        with contextlib.suppress(ValueError, OSError):  # a lower bound is set already
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _bound_time(seconds: float) -> None:
    """Have the system end this process after so much processor time, or some time after its parent would have.

    The latter ends it where the parent has ended. 0 takes both back.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, 2 * PATIENCE * seconds)


if __name__ == "__main__":
    _serve()
