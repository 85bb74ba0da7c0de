"""What the terms mean that pages use: each in two sentences."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A term as it is headed, and its two sentences."""

    title: str
    meaning: str


GLOSSARY = {
    "dice": Term(
        "Dice",
        "How well a predicted mask overlaps the true one: twice the shared area, divided by both areas together. 1 is "
        "the same mask, 0 is no overlap.",
    ),
    "iou": Term(
        "IoU, intersection over union",
        "The area that two masks share, divided by the area that either covers. It ranks masks as Dice does, but is "
        "lower for all masks that are not perfect.",
    ),
    "fold": Term(
        "Fold",
        "One of five parts of the data set that each are the test part once. Each network of a fold is trained on "
        "other parts and tested on this one.",
    ),
    "calibration": Term(
        "Calibration",
        "A network is calibrated if it is right in 80 % of the cases to which it gives 80 %. Most networks give too "
        "much before their probabilities are corrected.",
    ),
    "confidence": Term(
        "Confidence",
        "The probability that a network gives to its most probable class. It is not how often the network is right, "
        "unless it is calibrated.",
    ),
    "coverage": Term(
        "Coverage",
        "The share of slices that get an answer. The others are abstained: the network is not confident enough, or "
        "the image is unusual.",
    ),
    "patient-level": Term(
        "Patient-level",
        "A patient-level split keeps all slices of a patient in one part, so that the test patients are new to the "
        "network. A patient-level figure counts patients in place of slices.",
    ),
    "slice-level": Term(
        "Slice-level split",
        "Slices are dealt out one by one, so that neighbours of one tumour stand in training and in test. The network "
        "is tested on tumours that it was trained on: its figures are optimistic.",
    ),
    "series": Term(
        "Series",
        "All slices of one patient, classified together: the class with the highest mean probability is that of them "
        "all. Its accuracy counts every slice by that class (unified by slice), or every patient once.",
    ),
    "accuracy": Term(
        "Accuracy",
        "The share of slices that are classified correctly. It says little where one class is much more frequent than "
        "the others.",
    ),
    "precision": Term(
        "Precision",
        "Of the slices predicted as a class, the share that are of this class. A low one means many false alarms.",
    ),
    "recall": Term(
        "Recall",
        "Of the slices of a class, the share that are predicted as this class. A low one means that many are missed.",
    ),
    "f1": Term(
        "F1",
        "The harmonic mean of precision and recall. It is high only if both are.",
    ),
    "auc": Term(
        "AUC, area under the ROC curve",
        "How often a slice of a class has a higher score than a slice of another. 0.5 is chance, 1 is perfect.",
    ),
    "bootstrap": Term(
        "Patient-level bootstrap",
        "The test patients are drawn again and again, with all their slices, and the figure is computed for each draw. "
        "The middle 95 % of these figures are the interval.",
    ),
    "gate": Term(
        "Gate",
        "It stands behind the network and decides whether its class is given at all. Instead it can find no tumour, "
        "low confidence, or an unusual image.",
    ),
    "ood": Term(
        "Out-of-distribution (OOD)",
        "An image unlike those that the network was trained on, such as a photograph. A high OOD score lowers the "
        "confidence of an answer, a higher one refuses the image.",
    ),
    "false-positive-rate": Term(
        "False positive rate",
        "The share of slices without a tumour that are given a tumour type all the same. Lower is better.",
    ),
    "false-negative-rate": Term(
        "False negative rate",
        "The share of slices with a tumour for which no tumour is found. Lower is better.",
    ),
    "heat-map": Term(
        "Heat map",
        "It shows which places of a slice are evidence for one output of a network. It does not show that the output "
        "is right.",
    ),
    "grad-cam": Term(
        "Grad-CAM",
        "A heat map from one layer: each filter's map counts as much as the output changes with it. A deep layer is "
        "coarse, so the map's edges mean little.",
    ),
    "chance-level": Term(
        "Chance level",
        "What evenly spread heat would reach: the tumour's share of the slice. Heat maps of use lie well above it.",
    ),
    "pointing-game": Term(
        "Pointing game",
        "A hit if the hottest pixel of a heat map lies on the tumour, else a miss. It ignores where the rest of the "
        "heat lies.",
    ),
    "shortcut": Term(
        "Shortcut",
        "Something beside the tumour that predicts the class in this data set, such as the position of the head. A "
        "network that uses it fails on other data.",
    ),
    "external": Term(
        "External test set",
        "Slices from other scanners and hospitals than those of the training. A network that does as well on them as "
        "on internal slices has learnt more than its data set.",
    ),
    "epoch": Term(
        "Epoch",
        "One pass of the training over all training slices. After each the validation slices tell whether the network "
        "still improves.",
    ),
    "loss": Term(
        "Loss",
        "The number that training makes small: how far the outputs are from the truth. It rises on the validation "
        "slices while it falls on the training slices when a network overfits.",
    ),
    "validation": Term(
        "Validation slices",
        "Slices that are left out of training and decide which epoch or setting is kept. Their figures are a little "
        "optimistic, so the test slices are others.",
    ),
    "low-fidelity": Term(
        "Low fidelity",
        "A trial that is made cheap: smaller slices or fewer epochs. It finds out which settings are worth a training "
        "at full size.",
    ),
    "hyperparameter": Term(
        "Hyperparameter",
        "A setting that training does not learn, such as the learning rate or the number of filters. A search tries "
        "many settings and keeps the best.",
    ),
    "tpe": Term(
        "TPE, tree-structured Parzen estimator",
        "A way to choose the next trial of a search. It draws settings where good trials have been denser than bad "
        "ones.",
    ),
    "nsga-ii": Term(
        "NSGA-II",
        "A genetic algorithm: the best settings so far are parents, and each child takes every value from one of two. "
        "Now and then a value is a new one.",
    ),
    "parameters": Term(
        "Parameters",
        "The numbers that a network learns. More of them fit more, take more memory, and need more data.",
    ),
}
"""By the name in a link's address, ``#term-NAME``."""
