"""The course report's figures: T. P. Integrador, Redes Neuronales Artificiales, 2023.

Section and table numbers are the report's. This project's own figures come from the bundles.
"""

from dataclasses import dataclass

from core.translation.messages import mark

DATA_PATIENTS = 233
"""Section 6, which also states the side of a slice in pixels."""
DATA_SIDE = 512


@dataclass(frozen=True)
class Table1Row:
    """A row of the report's Table 1: slices of a class."""

    total: int
    train: int
    test: int


TABLE_1: dict[str, Table1Row] = {
    "meningioma": Table1Row(708, 566, 142),
    "glioma": Table1Row(1426, 1140, 286),
    "pituitary": Table1Row(930, 744, 186),
}
TABLE_5 = {"total": 3064, "train": 2453, "validation": 488, "test": 123}
"""Slices by part of the U-Net's split."""


@dataclass(frozen=True)
class Table4Row:
    """A row of the report's Table 4."""

    precision: float
    recall: float
    f1: float
    support: int


TABLE_4: dict[str, Table4Row] = {
    "meningioma": Table4Row(0.88, 0.84, 0.86, 142),
    "glioma": Table4Row(0.94, 0.96, 0.95, 286),
    "pituitary": Table4Row(0.97, 0.98, 0.97, 186),
}
TABLE_4_ORDER = ("glioma", "meningioma", "pituitary")
"""Table 4's rows from top to bottom."""
TABLE_4_MACRO = (0.93, 0.92, 0.93)
"""Macro averages of precision, recall and F1."""
TABLE_4_WEIGHTED = (0.94, 0.94, 0.94)
"""The same, each class weighted by its slices."""
TABLE_4_ACCURACY = 0.94


@dataclass(frozen=True)
class Misclassified:
    """A row of the report's Table 3: a glioma that its network classifies as meningioma."""

    slice: int
    confidence: float


TABLE_3: tuple[Misclassified, ...] = (
    Misclassified(752, 0.56),
    Misclassified(756, 0.65),
    Misclassified(758, 0.71),
    Misclassified(761, 0.58),
    Misclassified(779, 0.87),
)
CNN_TEST_SLICES = 614
CNN_TEST_WRONG = 39
"""Section 7.0.3: 39 of 614 tumours misclassified, 23 of them meningiomas."""
CNN_MENINGIOMAS_WRONG = 23
CNN_TEST_ACCURACY = 1 - CNN_TEST_WRONG / CNN_TEST_SLICES
CNN_TEST_LOSS = 0.17
CNN_MACRO_F1 = 0.93
CNN_EPOCHS = 15
"""Section 7.0.2, which also states the planned epochs and the validation loss."""
CNN_EPOCHS_PLANNED = 20
CNN_BATCH = 300
CNN_STEADY_EPOCH = 10
"""Sections 7.0.2 and 7.0.3: from this epoch on loss and accuracy no longer changed much."""
CNN_VALIDATION_LOSS = 0.1717
CNN_EARLY_EPOCH = 7
"""Section 7.0.3: by this epoch loss and accuracy were close to the final ones; it does not say of which part."""
CNN_EARLY_LOSS = 0.19
CNN_EARLY_ACCURACY = 0.93
CNN_TEST_SECONDS = 6.0
CNN_SLICE_SECONDS = 0.295
UNET_EPOCHS = 40
"""Section 8.0.2, as the batch and the seconds of training."""
UNET_BATCH = 32
UNET_TRAINING_SECONDS = 605.82
UNET_SLICE_SECONDS = 0.063
"""Section 8.0.3: the mean over Figure 8's four slices."""
UNET_VALIDATION_LOSS = 0.0206
UNET_VALIDATION_IOU = 0.4923
"""Section 8.0.3, as the report's code computed it; see ``core.metrics.overlap.keras_mean_iou_of_scores``."""
UNET_VALIDATION_ACCURACY = 0.9941
UNET_TRAINING_LOSS = 0.0056
UNET_TRAINING_IOU = 0.4921
UNET_TRAINING_ACCURACY = 0.9977
UNET_STEADY_EPOCH = 35
"""Section 8.0.3: the epoch by which loss and accuracy had roughly stabilised."""


TRAINING, VALIDATION, TEST = mark("training"), mark("validation"), mark("test")
"""Parts of a split that a curve is of."""


@dataclass(frozen=True)
class CurveValue:
    """A value that the report states about a training, to be drawn beside training curves.

    Attributes:
        measure: "loss", "accuracy" or "iou".
        part: ``TRAINING``, ``VALIDATION`` or ``TEST``; None where the report does not say.
        value: as stated, or computed from stated counts.
        epoch: the epoch of the value.
        section: the report's section.
    """

    measure: str
    part: str | None
    value: float
    epoch: int
    section: str


CURVE_VALUES: dict[str, tuple[CurveValue, ...]] = {
    "classification": (
        CurveValue("loss", VALIDATION, CNN_VALIDATION_LOSS, CNN_EPOCHS, "7.0.2"),
        CurveValue("loss", TEST, CNN_TEST_LOSS, CNN_EPOCHS, "7.0.3"),
        CurveValue("loss", None, CNN_EARLY_LOSS, CNN_EARLY_EPOCH, "7.0.3"),
        CurveValue("accuracy", TEST, CNN_TEST_ACCURACY, CNN_EPOCHS, "7.0.3"),
        CurveValue("accuracy", None, CNN_EARLY_ACCURACY, CNN_EARLY_EPOCH, "7.0.3"),
    ),
    "segmentation": (
        CurveValue("loss", TRAINING, UNET_TRAINING_LOSS, UNET_EPOCHS, "8.0.3"),
        CurveValue("loss", VALIDATION, UNET_VALIDATION_LOSS, UNET_EPOCHS, "8.0.3"),
        CurveValue("iou", TRAINING, UNET_TRAINING_IOU, UNET_EPOCHS, "8.0.3"),
        CurveValue("iou", VALIDATION, UNET_VALIDATION_IOU, UNET_EPOCHS, "8.0.3"),
        CurveValue("accuracy", TRAINING, UNET_TRAINING_ACCURACY, UNET_EPOCHS, "8.0.3"),
        CurveValue("accuracy", VALIDATION, UNET_VALIDATION_ACCURACY, UNET_EPOCHS, "8.0.3"),
    ),
}
"""The stated values by task."""


@dataclass(frozen=True)
class LayerRow:
    """A row of the report's Table 2.

    Attributes:
        name: the layer's name in Keras.
        type: the layer's class in Keras.
        shape: shape of its output, without the batch.
        parameters: number of parameters.
    """

    name: str
    type: str
    shape: tuple[int, ...]
    parameters: int


TABLE_2: tuple[LayerRow, ...] = (
    LayerRow("conv2d", "Conv2D", (510, 510, 32), 896),
    LayerRow("max_pooling2d", "MaxPooling2D", (255, 255, 32), 0),
    LayerRow("conv2d_1", "Conv2D", (253, 253, 64), 18496),
    LayerRow("max_pooling2d_1", "MaxPooling2D", (126, 126, 64), 0),
    LayerRow("dropout", "Dropout", (126, 126, 64), 0),
    LayerRow("conv2d_2", "Conv2D", (124, 124, 64), 36928),
    LayerRow("max_pooling2d_2", "MaxPooling2D", (62, 62, 64), 0),
    LayerRow("dropout_1", "Dropout", (62, 62, 64), 0),
    LayerRow("conv2d_3", "Conv2D", (60, 60, 128), 73856),
    LayerRow("max_pooling2d_3", "MaxPooling2D", (30, 30, 128), 0),
    LayerRow("dropout_2", "Dropout", (30, 30, 128), 0),
    LayerRow("flatten", "Flatten", (115200,), 0),
    LayerRow("dropout_3", "Dropout", (115200,), 0),
    LayerRow("dense", "Dense", (3,), 345603),
)
CNN_PARAMETERS = 475779
"""Section 7.0.2."""
UNET_SIDE = 128
"""Section 8.0.1: side of the reduced slices and masks in pixels."""
UNET_PARAMETERS = 8643170
"""Section 8.0.2, which also states the parameters not trained and the layers by type."""
UNET_PARAMETERS_NOT_TRAINED = 1984
UNET_LAYERS: dict[str, int] = {
    "Conv2D": 19,
    "MaxPooling2D": 4,
    "Dropout": 2,
    "Concatenate": 3,
    "Conv2DTranspose": 3,
    "BatchNormalization": 3,
}
