"""The samples to draw: which slice or volume of the head, with which lesion.

Sizes, brightness and texture follow the data set's lesions as ``scripts/lesion_statistics.py`` measures them.
"""

from dataclasses import dataclass

from scripts.simulated.glioma import Glioma, Ring
from scripts.simulated.lesion import Lesion
from scripts.simulated.meningioma import Meningioma
from scripts.simulated.pituitary import Pituitary


@dataclass(frozen=True)
class SimulatedSlice:
    """One slice to draw.

    Attributes:
        centre: the middle of the image in mm (x, y, z).
        spacing: mm a pixel.
        known_failure: the class that the default network finds likeliest, where it is another than the lesion's.
    """

    name: str
    plane: str
    centre: tuple[float, float, float]
    spacing: float
    seed: int
    lesion: Lesion | None
    title: str
    alt: str
    known_failure: str | None = None


SLICES = (
    SimulatedSlice(
        "meningioma-axial-1", "axial", (0, -18, 30), 0.47, 101,
        Meningioma((52, -4, 30), (23, 23, 21), 101, 1.38, lumps=0.06, push=0.8, oedema=0.4),
        "Simulated meningioma on the right convexity, axial",
        "Simulated axial slice: a bright, even lesion with a broad base and a dural tail on the right convexity.",
    ),
    SimulatedSlice(
        "meningioma-axial-2", "axial", (0, -18, 44), 0.48, 102,
        Meningioma((-6, 38, 44), (17, 19, 17), 102, 1.3, lumps=0.06, push=0.8, on_falx=True),
        "Simulated meningioma on the falx, axial",
        "Simulated axial slice: a bright, even, half-round lesion lying against the left side of the frontal falx.",
    ),
    SimulatedSlice(
        "meningioma-coronal-1", "coronal", (0, -32, 22), 0.4, 103,
        Meningioma((-50, -32, 46), (20, 18, 21), 103, 1.36, lumps=0.06, push=0.8, oedema=0.7),
        "Simulated meningioma on the left convexity, coronal",
        "Simulated coronal slice: a bright, even lesion with a broad base on the dura of the left parietal convexity.",
    ),
    SimulatedSlice(
        "meningioma-sagittal-1", "sagittal", (27, -14, 24), 0.43, 104,
        Meningioma((27, 12, 62), (17, 20, 19), 104, 1.36, lumps=0.06, push=0.8, oedema=0.4),
        "Simulated meningioma of the frontal vault, sagittal",
        "Simulated sagittal slice: a bright, even, round lesion hanging from the dura under the frontal vault.",
    ),
    SimulatedSlice(
        "glioma-axial-1", "axial", (0, -18, 18), 0.47, 201,
        Glioma((-36, -38, 20), (20, 25, 21), 201, 1.75, lumps=0.14, push=0.6, patches=0.35, tissue=0.86,
               rings=(Ring((-34, -42, 19), (14, 15, 14), 4.5), Ring((-38, -24, 20), (7, 8, 8), 3.5))),
        "Simulated glioma of the left parietal white matter, axial",
        "Simulated axial slice: an irregular bright ring around dark necrosis in a dark, ill-defined area of the left "
        "parietal white matter.",
    ),
    SimulatedSlice(
        "glioma-axial-2", "axial", (0, -18, 24), 0.48, 202,
        Glioma((27, 30, 26), (20, 24, 20), 202, 1.6, lumps=0.16, push=0.5, patches=0.8, tissue=0.78, fade=6),
        "Simulated glioma of the right frontal white matter, axial",
        "Simulated axial slice: a dark, ill-defined area in the right frontal lobe that hardly takes up contrast.",
    ),
    SimulatedSlice(
        "glioma-coronal-1", "coronal", (0, -14, 22), 0.4, 203,
        Glioma((34, -14, 30), (20, 20, 23), 203, 1.8, lumps=0.16, push=0.6, patches=1.1, tissue=0.87,
               rings=(Ring((33, -14, 26), (12, 12, 13), 5.0),)),
        "Simulated glioma of the right frontal white matter, coronal",
        "Simulated coronal slice: patchy enhancement and a small ring in a dark, ill-defined area of the right "
        "hemisphere, which pushes the midline.",
    ),
    SimulatedSlice(
        "glioma-sagittal-1", "sagittal", (-28, -14, 24), 0.43, 204,
        Glioma((-28, -44, 34), (19, 23, 20), 204, 1.6, lumps=0.15, push=0.55, patches=0.5, tissue=0.85,
               rings=(Ring((-28, -48, 32), (14, 15, 14), 4.0),)),
        "Simulated glioma of the left parietal white matter, sagittal",
        "Simulated sagittal slice: an irregular bright ring around dark necrosis in the left parietal white matter.",
    ),
    SimulatedSlice(
        "glioma-sagittal-2", "sagittal", (1, -10, 23), 0.375, 205,
        Glioma((0, 8, -14), (14, 15, 14), 205, 1.5, lumps=0.12, push=0.5, patches=3.2, tissue=0.95, fade=3),
        "Simulated glioma of the optic chiasm, sagittal",
        "Simulated midline sagittal slice: a bright lesion above the sella, in chiasm and floor of the third "
        "ventricle.",
        known_failure="pituitary",
    ),
    SimulatedSlice(
        "pituitary-axial-1", "axial", (0, -14, -24), 0.41, 301,
        Pituitary((0, 6, -19), (12, 11, 11), 301, 1.38, lumps=0.07),
        "Simulated pituitary tumour, axial",
        "Simulated axial slice above the sella: a bright, even, round lesion in the midline between the temporal "
        "lobes.",
    ),
    SimulatedSlice(
        "pituitary-coronal-1", "coronal", (0, 4, 22), 0.365, 302,
        Pituitary((1, 5, -18), (12, 11, 10), 302, 1.36, lumps=0.1, cyst=0.25),
        "Simulated pituitary tumour, coronal",
        "Simulated coronal slice: a bright lesion that fills the sella and rises out of it, with a waist between.",
    ),
    SimulatedSlice(
        "pituitary-sagittal-1", "sagittal", (1, -10, 23), 0.375, 303,
        Pituitary((0, 6, -18), (11, 11, 10), 303, 1.22, lumps=0.1),
        "Simulated pituitary tumour, sagittal",
        "Simulated midline sagittal slice: a bright lesion in and above the sella, in front of the brain stem.",
    ),
    SimulatedSlice(
        "no-tumour-axial", "axial", (0, -18, 12), 0.47, 401, None,
        "Simulated slice without a lesion, axial",
        "Simulated axial slice at the level of the lateral ventricles, without a lesion.",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class SimulatedVolume:
    """An axial series to draw, as thick as the data set's slices.

    Attributes:
        middle: (x, y) mm of the middle of each image.
        lowest: z in mm of the lowest slice.
        count: of slices.
        spacing: mm a pixel.
    """

    name: str
    middle: tuple[float, float]
    lowest: float
    count: int
    spacing: float
    seed: int
    lesion: Lesion
    title: str
    alt: str


VOLUMES = (
    SimulatedVolume(
        "glioma-volume", (0, -18), -55, 21, 0.94, 501,
        Glioma((30, 26, 24), (21, 24, 22), 501, 1.7, lumps=0.15, push=0.6, patches=0.4, tissue=0.86,
               rings=(Ring((29, 24, 24), (14, 16, 15), 4.5),)),
        "Simulated glioma of the right frontal white matter, volume",
        "Simulated axial series of 21 slices: an irregular bright ring around dark necrosis in the right frontal lobe.",
    ),
    SimulatedVolume(
        "meningioma-volume", (0, -18), -55, 21, 0.94, 502,
        Meningioma((-42, -44, 48), (20, 22, 20), 502, 1.38, lumps=0.06, push=0.8, oedema=0.6),
        "Simulated meningioma on the left parietal convexity, volume",
        "Simulated axial series of 21 slices: a bright, even lesion with a broad base on the left parietal dura.",
    ),
)  # fmt: skip
