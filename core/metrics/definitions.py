"""Definitions of metrics in plain words, as cards store them beside the values.

One table: the section of a card's metrics -> the metric's key -> its definition. The sections "external" and "ood"
both stand in ``metrics.external``; the others carry the names that the card gives them.
"""

from core.translation.messages import mark

_WITHOUT_SIMILAR_IDS = (
    "the same without slices of patients whose id differs only by a final letter from that of a patient in another fold"
)

DEFINITIONS: dict[str, dict[str, str]] = {
    "test": {
        "accuracy": "share of test slices classified correctly: the most probable class is the true one",
        "loss": "mean cross-entropy (natural logarithm, probabilities clipped to 1e-7); of masks per pixel at network "
        "size",
        "mask_loss": "cross-entropy of the mask, where 'loss' is that of the class",
        "macro_f1": "mean of the three classes' F1",
        "series_accuracy": "accuracy of series, unified by slice: share of test slices classified correctly where all "
        "slices of a patient get the class with the highest mean probability over them",
        "patient_accuracy": "patient-level accuracy, of series unified at patient level: share of test patients "
        "classified correctly by the mean probability over their test slices",
        "without_letter_twins": "accuracy without test patients whose id differs only by a final letter from that of a "
        "patient in another part",
        "confusion_matrix": "counts of test slices; rows true, columns predicted, in the order of 'classes'",
        "dice_mean": "mean over test slices of each slice's tumour Dice; two empty masks count 1",
        "dice_class_mean": "mean over the three classes of the class's mean Dice, so that each class counts alike",
        "dice_patient_mean": "mean over test patients of the patient's mean Dice: Dice by patient",
        "dice_median": "median over test slices of each slice's tumour Dice",
        "dice_pooled": "tumour Dice over all pixels of all test slices taken together",
        "iou_mean": "as dice_mean, intersection over union",
        "iou_median": "as dice_median, intersection over union",
        "iou_pooled": "as dice_pooled, intersection over union",
        "pixel_accuracy": "share of pixels classified correctly, tumour and background",
        "missed": "missed tumours (Dice 0): share of test slices on which predicted mask and tumour share no pixel",
        "own_size": "mask metrics: probabilities resized to the slice's own size, then cut at output.threshold",
        "table_5": "mask metrics of the test slices that are also test slices of Table 5, the report's U-Net's split",
        "network_size": "the same metrics at the network's input size",
        "keras_mean_iou": "keras.metrics.MeanIoU(2) fed the tumour channel's float32 scores (1 less the background's "
        "where several channels are tumour) and 0/1 masks at network size",
    },
    "without_neighbours": {
        "accuracy": "as in metrics.test, like all these figures, but each slice stands in its neighbours' places, as "
        "where a slice is given alone; metrics.test has every slice between the slices before and after it",
    },
    "cross_validation": {
        "folds": "one value a fold, in the order of 'folds_done', on the slices of the held-out fold",
        "mean": "mean over those folds",
        "std": "standard deviation over those folds (n - 1 in the denominator)",
        "without_letter_twins": _WITHOUT_SIMILAR_IDS,
        "training_seconds": "duration of each fold's training, by fold",
        "all": "over the test slices of all folds taken together",
        "calibration": "the temperature with the lowest log loss on the validation slices of all folds together, and "
        "the expected calibration error (10 bins) of all folds' test slices before and after it",
        "recipe": "digest of the recipe that all folds were trained by, whatever their split",
    },
    "comparison": {
        "value": "the bundle's metric on its test slices",
        "other": "the other bundle's on the same slices",
        "difference": "value - other",
        "low": "lower end of the difference's 95 % interval: patient-level bootstrap, 2000 draws of the test patients, "
        "the same for both bundles",
        "high": "upper end of that interval",
        "without_letter_twins": _WITHOUT_SIMILAR_IDS,
        "recipe_differences": "settings of training in which the two bundles differ",
    },
    "explanation": {
        "explained": mark("the bundle's own prediction: the class it predicts, or the pixels it predicts as tumour"),
        "inside": mark("share of all heat that lies inside the true mask; 0 for a heat map without heat"),
        "area": mark(
            "the true mask's share of the slice: the chance level, which evenly spread heat would have inside"
        ),
        "hit": mark(
            "pointing game: whether the hottest pixel lies on the true mask, without tolerance; never for a heat "
            "map without heat"
        ),
        "evidence-map": mark(
            "the heat map beside an answer: the evidence for the class place by place (Layer-CAM where the "
            "class is read), a mean over the slice and its mirror image, times each pixel's tumour probability; it "
            "follows the mask by construction"
        ),
        "right": mark("the predicted class is the true one; for a mask, its IoU with the true mask is at least 0.5"),
        "slow": mark("saliency and Score-CAM were run on only 120 test slices, drawn from a seed"),
    },
    "robustness": {
        "slices": "test slices, drawn from the seed; each change is applied to the slice before preprocessing, scaled "
        "to its own range from 0 to 1",
        "accuracy": "share of these slices classified correctly, without the gate",
        "dice_mean": "mean of each slice's tumour Dice; the true mask moves where the change moves the head",
        "missed": "missed tumours (Dice 0)",
        "jpeg": "stored as a JPEG of quality 30",
        "half_size": "resized to half the pixels a side",
        "gamma_up": "intensities to the power of 1.5",
        "gamma_down": "intensities to the power of 1 / 1.5",
        "brighter": "0.2 added, clipped at 1",
        "darker": "0.1 subtracted, clipped at 0",
        "bias_field": "multiplied by 0.7 at the left edge, rising to 1.3 at the right, clipped at 1",
        "noise": "shrunk to 192 pixels a side, then Gaussian noise of standard deviation 0.03 on each pixel",
        "blur": "shrunk to 192 pixels a side, then a Gaussian blur of standard deviation 0.8 pixels",
        "rotation_10": "turned by 10 degrees",
        "rotation_90": "turned by 90 degrees",
        "mirror": "left and right exchanged",
        "border": "a black border of a quarter of the side all around",
        "frame": "a white line along the edges",
        "skull_strip": "black up to a depth of 5 % of the side below the head's surface",
    },
    "external": {
        "class_accuracy": "share of slices with a tumour classified correctly: the most probable class is the true one",
        "mask_class_accuracy": "the same for the class with most of the mask's probability, of slices with a predicted "
        "mask",
        "outlined": "share of slices with a tumour on which any pixel is predicted as tumour; true masks are not "
        "available",
        "outlined_without_tumour": "share of slices without a tumour on which any pixel is predicted as tumour",
        "mask_threshold": "tumour probability from which a pixel counted as tumour when these slices were predicted",
        "answers": "number of slices of each true class by outcome",
        "by_outcome": "number of slices with each outcome, and for how many it is right: with confident and "
        "low_confidence the class, with no_tumour that there is none, with the others that it is no slice of a head",
        "answered_tumour": "coverage of slices with a tumour: share with a class or no tumour as the result",
        "answered_no_tumour": "coverage of slices without a tumour: share with a class or no tumour as the result",
        "no_tumour_called_tumour": "share of all slices without a tumour whose result is a class",
        "tumour_called_no_tumour": "share of all slices with a tumour whose result is no tumour",
        "class_accuracy_answered": "share classified correctly, of slices with a tumour whose result is a class",
        "all": "shares of all slices: right and wrong count the outcomes confident and no_tumour; the others abstain",
    },
    "ood": {
        "non_brain_flagged": "share of non-brain images rejected (flagged OOD); see strangers.csv",
        "non_brain_flagged_by_kind": "the same by kind of image",
        "figshare_flagged": "in-distribution false rejections: share of the bundle's own test slices flagged OOD",
        "figshare_called_no_tumour": "share of the bundle's own test slices, all with a tumour, whose result is no "
        "tumour",
        "figshare_called_no_tumour_by_class": "the same by class",
        "figshare_by_outcome": "as 'by_outcome', of the bundle's own test slices",
        "non_brain_by_outcome": "as 'by_outcome', of the non-brain images",
        "figshare_all": "as 'all', of the bundle's own test slices; metrics.test has the network's predictions without "
        "the gate",
        "figshare_after_gate": "of the bundle's own test slices unaltered, with a white frame of 6 pixels, and with "
        "noise of 3 % of the full range: shares with their class (confident or low confidence), with no tumour, and "
        "flagged OOD",
        "figshare_series_after_gate": "the unaltered ones, all slices of a patient answered together: 'correct' is the "
        "share of slices whose patient's answer is their class, 'patient_correct' that of patients; 'no_tumour' and "
        "'refused' are shares of patients",
        "pictures_without_class": "by kind of non-brain image, and of picture made of own test slices: how many there "
        "are, and how many get no class (no tumour, or flagged OOD)",
        "aims": "each target, set before anything was measured, the value reached on test, and how far it falls short",
    },
}
"""By section and metric key."""
