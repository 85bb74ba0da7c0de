"""Files and texts that the tests of commands share."""

from pathlib import Path

import numpy as np
from PIL import Image

from tests.core import tiny

REPORT_BUNDLES = ["--classifier", "report-cnn", "--segmenter", "report-unet"]


def write_picture(path: Path, number: int, *, width: int = 64, height: int = 64) -> Path:
    pixels = tiny.a_picture(number, width=width, height=height).pixels
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return path


def sentence(text: str) -> str:
    """Return the one line of stderr."""
    (line,) = text.strip().splitlines()
    return line
