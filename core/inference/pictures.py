"""A slice's overlay and mask as PNG files."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.errors import SliceError
from core.inference.render import encode_png
from core.inference.result import Drawn, is_withheld, overlay_png
from core.readers.slices import Slice


def require_distinct_names(files: Sequence[Path]) -> None:
    """Refuse files whose pictures would overwrite each other in one folder.

    Raises:
        SliceError: two files have the same name but for their ending.
    """
    names = [stem for stem, count in Counter(path.stem for path in files).items() if count > 1]
    if names:
        raise SliceError(
            "Several files are called {accepted}; --out needs a name of its own for each.", accepted=", ".join(names)
        )


def write_pictures(folder: Path, name: str, slice_: Slice, prediction: Drawn, mask: np.ndarray) -> None:
    """Write NAME-overlay.png into a folder and, unless the prediction withholds it, ``mask`` as NAME-mask.png."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}-overlay.png").write_bytes(overlay_png(slice_, prediction))
    if not is_withheld(prediction):
        (folder / f"{name}-mask.png").write_bytes(encode_png(mask, slice_.notes))
