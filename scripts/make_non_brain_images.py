"""Write the non-brain images that the gate is measured on: eight kinds, from packages and generated.

    python scripts/make_non_brain_images.py FOLDER     240 PNG files and index.csv (file, kind), for core external
    python scripts/make_non_brain_images.py            only the examples in samples/no-brain

Needs scikit-image and scikit-learn, listed in requirements-train.txt. Each image has a seed of its own. No threshold of
the gate is chosen on these images.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from core.files import write_table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.config import SEED
from core.ood.non_brain import EXAMPLES, INDEX, SAMPLE_FOLDER

PER_KIND = 30
SIDE = 256
WORDS = ["patient", "scan", "report", "slice", "contrast", "follow", "left", "right", "normal", "axial", "impression"]


def random_crop(picture: np.ndarray, random: np.random.Generator) -> Image.Image:
    """Crop a random square, half to all of the shorter side wide; mirror it half of the time."""
    image = Image.fromarray(picture)
    side = round(min(image.size) * random.uniform(0.5, 1))
    left, top = (int(random.integers(0, whole - side + 1)) for whole in image.size)
    image = image.crop((left, top, left + side, top + side)).resize((SIDE, SIDE))
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else image


def photograph(random: np.random.Generator, number: int) -> Image.Image:
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
    return random_crop(choices[number % len(choices)](), random)


def face(random: np.random.Generator, number: int) -> Image.Image:
    from skimage import data

    faces = data.lfw_subset()[:100]  # the second hundred are no faces
    return Image.fromarray((faces[number % 100] * 255).astype(np.uint8)).resize((SIDE, SIDE))


def texture(random: np.random.Generator, number: int) -> Image.Image:
    from skimage import data

    return random_crop((data.brick, data.grass, data.gravel)[number % 3](), random)


def instrument(random: np.random.Generator, number: int) -> Image.Image:
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
    return random_crop(choices[number % len(choices)](), random)


def digit(random: np.random.Generator, number: int) -> Image.Image:
    from sklearn.datasets import load_digits

    picture = load_digits().images[number * 7]
    return Image.fromarray((picture / 16 * 255).astype(np.uint8)).resize((SIDE, SIDE))


def document(random: np.random.Generator, number: int) -> Image.Image:
    if number % 3 == 0:
        from skimage import data

        return random_crop((data.page, data.text)[number // 3 % 2](), random)
    dark = random.random() < 0.5
    image = Image.new("L", (SIDE, SIDE), 10 if dark else 245)
    draw = ImageDraw.Draw(image)
    size = int(random.integers(9, 22))
    font = ImageFont.load_default(size)
    for top in range(6, SIDE - size, round(size * 1.5)):
        line = " ".join(random.choice(WORDS, 8))
        draw.text((8, top), line, fill=240 if dark else 15, font=font)
    return image


def chart(random: np.random.Generator, number: int) -> Image.Image:
    dark = random.random() < 0.5
    back, front = (12, 235) if dark else (250, 30)
    image = Image.new("L", (SIDE, SIDE), back)
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


def noise(random: np.random.Generator, number: int) -> Image.Image:
    from scipy.ndimage import gaussian_filter

    picture: np.ndarray = random.normal(size=(SIDE, SIDE))
    if number % 3:
        picture = gaussian_filter(picture, random.uniform(1, 24))
    if number % 3 == 2:
        picture = picture > np.quantile(picture, random.uniform(0.4, 0.8))
    picture = np.asarray(picture, np.float64)
    return Image.fromarray((255 * (picture - picture.min()) / np.ptp(picture)).astype(np.uint8))


KINDS: dict[str, Callable[[np.random.Generator, int], Image.Image]] = {
    "photograph": photograph,
    "face": face,
    "texture": texture,
    "microscope or telescope": instrument,
    "handwritten digit": digit,
    "document": document,
    "chart": chart,
    "noise": noise,
}
"""By kind, the function that draws image ``number`` with a random generator."""


def make_image(kind: str, number: int) -> Image.Image:
    """Draw image ``number``, from 0, of a kind; return it in grey, 8 bit."""
    random = np.random.default_rng([SEED, list(KINDS).index(kind), number])
    return KINDS[kind](random, number).convert("L")


def file_name(kind: str, number: int) -> str:
    """Return the file name of image ``number``, from 0, of a kind."""
    return f"{kind}-{number + 1}.png"


def write_images(folder: Path, per_kind: int = PER_KIND) -> None:
    """Write ``per_kind`` images of each kind and their index into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for kind in KINDS:
        for number in range(per_kind):
            make_image(kind, number).save(folder / file_name(kind, number))
            rows.append({"file": file_name(kind, number), "kind": kind})
    write_table(folder / INDEX, pd.DataFrame(rows))


def write_examples(folder: Path = SAMPLE_FOLDER) -> None:
    """Write the images of ``EXAMPLES``, which pages show."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, file in EXAMPLES.items():
        number = int(Path(file).stem.rpartition("-")[2]) - 1
        make_image(kind, number).save(folder / file, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the non-brain images that the gate is measured on.")
    parser.add_argument("folder", type=Path, nargs="?", help="folder for the images; without it, write the examples")
    options = parser.parse_args()
    if options.folder:
        write_images(options.folder)
    else:
        write_examples()


if __name__ == "__main__":
    main()
