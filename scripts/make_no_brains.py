"""Write the example pictures that are no brain and need a package the app does without, into samples/no-brain.

python scripts/make_no_brains.py
"""

import sys
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.ood.non_brain import EXAMPLES, SHIPPED, make_image

FROM_PACKAGES = ("photograph", "texture", "microscope or telescope", "handwritten digit")


def main() -> None:
    SHIPPED.mkdir(exist_ok=True)
    for kind in FROM_PACKAGES:
        slice_ = make_image(kind, EXAMPLES[kind])
        Image.fromarray(slice_.pixels.astype("uint8")).save(SHIPPED / slice_.name, optimize=True)


if __name__ == "__main__":
    main()
