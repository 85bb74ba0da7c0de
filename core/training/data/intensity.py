"""Random changes of a plane's intensities: what scanners, viewers and files do to a slice.

Each function takes a (S, S) float32 plane in [0, 1], the largest change, and the generator that draws the change. It
returns a new plane in [0, 1].
"""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from core.readers.preprocessing import HEAD_THRESHOLD

_WORDS = ("R", "L", "A", "P", "Se 4", "Im 12", "T1 +C", "TE 15", "W 512", "2010-01-01", "5.0 mm")


def blur(plane: np.ndarray, sigma: float, random: np.random.Generator) -> np.ndarray:
    """Blur with a Gaussian of 0 to ``sigma`` pixels."""
    return ndimage.gaussian_filter(plane, random.uniform(0, sigma))


def add_noise(plane: np.ndarray, largest: float, random: np.random.Generator) -> np.ndarray:
    """Add Gaussian noise whose standard deviation is 0 to ``largest`` of the full range."""
    deviation = random.uniform(0, largest)
    return np.clip(plane + random.normal(0, deviation, plane.shape).astype(np.float32), 0, 1)


def compress(plane: np.ndarray, lowest: int, random: np.random.Generator) -> np.ndarray:
    """Store and read the plane as an 8-bit JPEG of a quality from ``lowest`` to 95."""
    file = io.BytesIO()
    Image.fromarray((plane * 255).round().astype(np.uint8)).save(file, "JPEG", quality=int(random.integers(lowest, 96)))
    return np.asarray(Image.open(file), np.float32) / 255


def bias_field(plane: np.ndarray, strength: float, random: np.random.Generator) -> np.ndarray:
    """Multiply by a smooth field between exp(-``strength``) and exp(``strength``), as an uneven coil does.

    The logarithm of the field is a random polynomial of second degree.
    """
    y, x = np.mgrid[-1 : 1 : plane.shape[0] * 1j, -1 : 1 : plane.shape[1] * 1j]
    field = np.einsum("k,kyx->yx", random.normal(size=5), np.stack([x, y, x * y, x * x - 0.5, y * y - 0.5]))
    field *= random.uniform(0, strength) / max(float(np.abs(field).max()), 1e-6)
    return np.clip(plane * np.exp(field), 0, 1).astype(np.float32)


def bend(plane: np.ndarray, strength: float, random: np.random.Generator) -> np.ndarray:
    """Map intensities by a random rising curve through five knots, each moved by up to ``strength``."""
    knots = np.linspace(0, 1, 5)
    values = np.sort(np.clip(knots + random.uniform(-strength, strength, 5), 0, 1))
    values[0] = 0.0
    return np.interp(plane, knots, values).astype(np.float32)


def invert(plane: np.ndarray) -> np.ndarray:
    """Turn bright and dark round inside the head, much as a T2-weighted sequence does."""
    return np.where(plane > HEAD_THRESHOLD, np.clip(1.0 + HEAD_THRESHOLD - plane, 0, 1), plane).astype(np.float32)


def caption(plane: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Write captions at the edges and, half of the time, draw a frame."""
    size = len(plane)
    image = Image.fromarray((plane * 255).round().astype(np.uint8))
    draw = ImageDraw.Draw(image)
    grey = int(random.integers(120, 256))
    if random.random() < 0.5:
        inset = int(random.integers(0, max(size // 24, 1)))
        draw.rectangle(
            [inset, inset, size - 1 - inset, size - 1 - inset], outline=grey, width=1 + int(random.integers(2))
        )
    font = ImageFont.load_default(max(size * float(random.uniform(0.04, 0.07)), 6))
    for _ in range(int(random.integers(1, 5))):
        left = random.choice([0.02, 0.4, 0.8]) * size
        top = random.choice([0.01, 0.92]) * size
        draw.text((left, top), str(random.choice(_WORDS)), fill=grey, font=font)
    return np.asarray(image, np.float32) / 255
