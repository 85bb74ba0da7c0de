"""The report's own figures: T. P. Integrador, Redes Neuronales Artificiales, 2023.

Section and table numbers are the report's. Nothing here is ours; our figures come from the bundles.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ClassFigures:
    """A row of the report's Table 4."""

    precision: float
    recall: float
    f1: float
    support: int


TABLE_4: dict[str, ClassFigures] = {
    "meningioma": ClassFigures(0.88, 0.84, 0.86, 142),
    "glioma": ClassFigures(0.94, 0.96, 0.95, 286),
    "pituitary": ClassFigures(0.97, 0.98, 0.97, 186),
}
CNN_TEST_SLICES = 614
CNN_TEST_WRONG = 39
"""Section 7.0.3: 39 of 614 tumours misclassified."""
CNN_TEST_LOSS = 0.17
CNN_MACRO_F1 = 0.93
CNN_EPOCHS = 15
CNN_TEST_SECONDS = 6.0
CNN_SLICE_SECONDS = 0.295
UNET_EPOCHS = 40
UNET_TRAINING_SECONDS = 605.82
UNET_SLICE_SECONDS = 0.063
UNET_VALIDATION_LOSS = 0.0206
UNET_VALIDATION_IOU = 0.4923
"""Section 8.0.3, as the report's code computed it; see ``metrics.keras_mean_iou_of_scores``."""
UNET_VALIDATION_ACCURACY = 0.9941
