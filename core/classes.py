"""The three classes, in the data set's own order (label 1, 2, 3), which is the networks' output order."""

CLASSES: tuple[str, ...] = ("meningioma", "glioma", "pituitary")
