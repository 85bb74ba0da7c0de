"""Pictures that are no brain: of eight kinds, from packages and generated, to see whether they are told apart.

None of them is used for a threshold. All come from a seed and from files that the packages scikit-image and
scikit-learn bring along.
"""

import io
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.config import SAMPLES, SEED
from core.readers.slices import Slice, read_slice

EACH = 30
"""Pictures of each kind."""
_SIDE = 256
_WORDS = ["patient", "scan", "report", "slice", "contrast", "follow", "left", "right", "normal", "axial", "impression"]


def non_brain_images(each: int = EACH, seed: int = SEED) -> Iterator[tuple[str, Slice]]:
    """``each`` pictures of every kind in ``KINDS``, as (kind, slice), read as an upload is."""
    for kind in KINDS:
        for number in range(each):
            yield kind, make_image(kind, number, seed)


def make_image(kind: str, number: int, seed: int = SEED) -> Slice:
    """The picture ``number``, from 0, of a kind."""
    file = io.BytesIO()
    random = np.random.default_rng([seed, list(KINDS).index(kind), number])
    KINDS[kind](random, number).convert("L").save(file, "PNG")
    return read_slice(file.getvalue(), f"{kind}-{number + 1}.png")


def _cut(picture: np.ndarray, random: np.random.Generator) -> Image.Image:
    """A part of a picture, half to all of its shorter side wide, now and then mirrored."""
    image = Image.fromarray(picture)
    side = round(min(image.size) * random.uniform(0.5, 1))
    left, top = (int(random.integers(0, whole - side + 1)) for whole in image.size)
    image = image.crop((left, top, left + side, top + side)).resize((_SIDE, _SIDE))
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else image


def _photograph(random: np.random.Generator, number: int) -> Image.Image:
    from skimage import data
    from sklearn.datasets import load_sample_image

    choices: list[Callable[[], np.ndarray]] = [
        data.astronaut,
        data.camera,
        data.chelsea,
        data.coffee,
        data.rocket,
        lambda: load_sample_image("china.jpg"),
        lambda: load_sample_image("flower.jpg"),
        lambda: data.stereo_motorcycle()[0],
    ]
    return _cut(choices[number % len(choices)](), random)


def _face(random: np.random.Generator, number: int) -> Image.Image:
    from skimage import data

    faces = data.lfw_subset()[:100]  # the second hundred are no faces
    return Image.fromarray((faces[number % 100] * 255).astype(np.uint8)).resize((_SIDE, _SIDE))


def _texture(random: np.random.Generator, number: int) -> Image.Image:
    from skimage import data

    return _cut((data.brick, data.grass, data.gravel)[number % 3](), random)


def _instrument(random: np.random.Generator, number: int) -> Image.Image:
    from skimage import data

    choices = (
        data.cell,
        data.immunohistochemistry,
        data.retina,
        data.microaneurysms,
        data.hubble_deep_field,
        data.moon,
        data.coins,
    )
    return _cut(choices[number % len(choices)](), random)


def _digit(random: np.random.Generator, number: int) -> Image.Image:
    from sklearn.datasets import load_digits

    picture = load_digits().images[number * 7]
    return Image.fromarray((picture / 16 * 255).astype(np.uint8)).resize((_SIDE, _SIDE))


def _document(random: np.random.Generator, number: int) -> Image.Image:
    if number % 3 == 0:
        from skimage import data

        return _cut((data.page, data.text)[number // 3 % 2](), random)
    dark = random.random() < 0.5
    image = Image.new("L", (_SIDE, _SIDE), 10 if dark else 245)
    draw = ImageDraw.Draw(image)
    size = int(random.integers(9, 22))
    font = ImageFont.load_default(size)
    for top in range(6, _SIDE - size, round(size * 1.5)):
        line = " ".join(random.choice(_WORDS, 8))
        draw.text((8, top), line, fill=240 if dark else 15, font=font)
    return image


def _chart(random: np.random.Generator, number: int) -> Image.Image:
    dark = random.random() < 0.5
    back, front = (12, 235) if dark else (250, 30)
    image = Image.new("L", (_SIDE, _SIDE), back)
    draw = ImageDraw.Draw(image)
    draw.line([(28, 12), (28, 228), (246, 228)], fill=front, width=2)
    count = int(random.integers(5, 12))
    heights = random.uniform(20, 205, count)
    places = np.linspace(40, 236, count)
    for tick in range(40, 228, 40):
        draw.line([(28, tick), (246, tick)], fill=(back + front) // 2)
    if number % 3 == 0:
        for x, height in zip(places, heights, strict=True):
            draw.rectangle([x - 6, 228 - height, x + 6, 227], fill=int(random.integers(60, 200)))
    elif number % 3 == 1:
        draw.line([(x, 228 - height) for x, height in zip(places, heights, strict=True)], fill=front, width=3)
    else:
        start = 0.0
        for part in random.dirichlet(np.ones(count)) * 360:
            draw.pieslice([40, 30, 220, 210], start, start + part, fill=int(random.integers(40, 220)), outline=back)
            start += part
    return image


def _noise(random: np.random.Generator, number: int) -> Image.Image:
    from scipy.ndimage import gaussian_filter

    picture: np.ndarray = random.normal(size=(_SIDE, _SIDE))
    if number % 3:
        picture = gaussian_filter(picture, random.uniform(1, 24))
    if number % 3 == 2:
        picture = picture > np.quantile(picture, random.uniform(0.4, 0.8))
    picture = np.asarray(picture, np.float64)
    return Image.fromarray((255 * (picture - picture.min()) / np.ptp(picture)).astype(np.uint8))


KINDS: dict[str, Callable[[np.random.Generator, int], Image.Image]] = {
    "photograph": _photograph,
    "face": _face,
    "texture": _texture,
    "microscope or telescope": _instrument,
    "handwritten digit": _digit,
    "document": _document,
    "chart": _chart,
    "noise": _noise,
}
"""Name of a kind -> what draws one of it, from a generator and a running number."""
EXAMPLES = {
    "photograph": 2,
    "texture": 0,
    "microscope or telescope": 0,
    "handwritten digit": 1,
    "document": 1,
    "chart": 2,
    "noise": 1,
}
"""The number of a picture of each kind that may be shown anywhere: openly licensed, or generated."""
SHIPPED = SAMPLES / "no-brain"
"""Where those lie that come from packages the app does without; see samples/README.md."""


def example_image(kind: str) -> Slice:
    """The picture of a kind in ``EXAMPLES``, from its file where it has one."""
    path = SHIPPED / f"{kind}-{EXAMPLES[kind] + 1}.png"
    return read_slice(path.read_bytes(), path.name) if path.is_file() else make_image(kind, EXAMPLES[kind])
