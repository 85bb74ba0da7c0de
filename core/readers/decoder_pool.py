"""Few processes that read files, so that one long file does not hold up everybody else's.

A file waits a moment for the process that is free; only then another one starts. Once its files are read, it ends.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from core.readers.decoder import Decoder
from core.readers.slices import Slice, check_size
from core.readers.volumes.files import WHOLE, VolumeChoice
from core.readers.volumes.volume import Volume

PROCESSES = 3
"""Most processes at a time; each takes at most ``core.readers.decoder.MEMORY``."""
WAIT_SECONDS = 0.5
"""How long a file waits for a process before another one starts; ordinary files take far less each."""


class DecoderPool:
    """Processes that read a file each; threads may call it at once.

    Args:
        processes: at most.
        make: makes what reads; it starts its process with its first file.
        wait: seconds that a file waits before another process starts.
    """

    def __init__(
        self, *, processes: int = PROCESSES, make: Callable[[], Decoder] = Decoder, wait: float = WAIT_SECONDS
    ) -> None:
        self._wait = wait
        self._decoders = [make() for _ in range(processes)]
        self._free, self._further = self._decoders[:1], self._decoders[1:]
        self._changed = threading.Condition()

    def read(self, data: bytes, name: str) -> Slice:
        """Read a file as ``Decoder.read`` does, which says what it raises."""
        check_size(len(data))
        with self._one() as decoder:
            return decoder.read(data, name)

    def read_volume(
        self, files: Sequence[bytes], name: str, choice: VolumeChoice = WHOLE, *, labels: bytes | None = None
    ) -> Volume:
        """Read a volume's files as ``Decoder.read_volume`` does, which says what it raises."""
        with self._one() as decoder:
            return decoder.read_volume(files, name, choice, labels=labels)

    def read_identity(self, files: Sequence[bytes], frame_of_reference: str) -> dict[str, str]:
        """Read patient and study as ``Decoder.read_identity`` does, which says what it raises."""
        with self._one() as decoder:
            return decoder.read_identity(files, frame_of_reference)

    @property
    def pids(self) -> list[int]:
        """The numbers of the processes that run."""
        return [decoder.pid for decoder in self._decoders if decoder.pid is not None]

    @contextmanager
    def _one(self) -> Iterator[Decoder]:
        decoder = self._take()
        try:
            yield decoder
        finally:
            self._give_back(decoder)

    def _take(self) -> Decoder:
        """Return a decoder that is free, a further one, or the first that becomes free."""
        with self._changed:
            self._changed.wait_for(lambda: self._free, timeout=self._wait)
            self._changed.wait_for(lambda: self._free or self._further)
            return (self._free or self._further).pop()

    def _give_back(self, decoder: Decoder) -> None:
        """Let a decoder read the next file; end its process where another one is free already."""
        with self._changed:
            if not self._free:
                self._free.append(decoder)
                self._changed.notify()
                return
        decoder.end()
        with self._changed:
            self._further.append(decoder)
            self._changed.notify()


DECODER = DecoderPool()
"""The app's."""
