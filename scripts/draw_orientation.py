"""Draw docs/orientation.png: how a volume's planes are oriented, on the template that scripts/make_samples.py names.

python scripts/draw_orientation.py mricron/usr/share/mricron/templates/ch2.nii.gz
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.config import ROOT
from core.inference.render import default_window, grey_image
from core.readers.volumes.nifti import read_nifti

PICTURE = ROOT / "docs" / "orientation.png"
EDGES = {
    "axial": ("front", "back", "right", "left"),
    "coronal": ("crown", "feet", "right", "left"),
    "sagittal": ("crown", "feet", "front", "back"),
}
"""What lies at the top, at the bottom, on the left and on the right of each plane's picture."""
SIDE, MARGIN = 240, 26


def panel(pixels: np.ndarray, plane: str) -> Image.Image:
    """Draw a slice of a plane with the names of its edges around it."""
    grey = Image.fromarray(grey_image(pixels, *default_window(pixels)))
    grey.thumbnail((SIDE, SIDE))
    picture = Image.new("RGB", (SIDE + 2 * MARGIN + 30, SIDE + 3 * MARGIN), "white")
    middle, centre = picture.width // 2, MARGIN + SIDE // 2
    picture.paste(grey, (middle - grey.width // 2, centre - grey.height // 2))
    draw = ImageDraw.Draw(picture)
    top, bottom, left, right = EDGES[plane]
    draw.text((middle, MARGIN // 2), top, "black", anchor="mm")
    draw.text((middle, centre + SIDE // 2 + MARGIN // 2), bottom, "black", anchor="mm")
    draw.text((middle, picture.height - MARGIN // 2), plane, "black", anchor="mm", font_size=15)
    for text, x in ((left, 20), (right, picture.width - 20)):
        draw.text((x, centre), text, "black", anchor="mm")
    return picture


def main() -> None:
    """Draw the three planes beside each other."""
    if len(sys.argv) != 2:
        raise SystemExit("Name the template: python scripts/draw_orientation.py ch2.nii.gz")
    volume = read_nifti(Path(sys.argv[1]).read_bytes(), "Colin 27")
    # A tenth off the middle, so that the sagittal slice is not the fissure and left differs from right.
    panels = [panel(volume.slice(plane, round(volume.count(plane) * 0.46)).pixels, plane) for plane in EDGES]
    width, height = sum(each.width for each in panels), panels[0].height
    picture = Image.new("RGB", (width, height), "white")
    for place, each in enumerate(panels):
        picture.paste(each, (place * each.width, 0))
    picture.quantize(64).save(PICTURE, optimize=True)
    print(f"{PICTURE.name}: {PICTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
