"""Fitting the screen beside a network: on its own training slices and on tumour-free slices from elsewhere.

Tumours to learn from come from one data set, slices without one from another, so that anything that tells the sources
apart would tell the labels apart too. Against that, both labels are made to occur in both sources (see
``core.ood.inpainting``), and all groups go through the same geometry, resampling, compression and change of contrast.
``core.ood.source_leakage`` measures what is left.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from PIL import Image
from scipy import ndimage

from core.bundles.bundle import EXTERNAL, GATE, OOD_ANSWERS, Bundle, load_network, open_bundle, write_card
from core.config import CLASSES, CLASSIFICATION, SEED, TASKS
from core.dataset import splits
from core.dataset.store import Store
from core.errors import BundleError, DatasetError
from core.evaluation.external import DEV, read_external_index
from core.explanation.cams import layer_cam
from core.explanation.explainer import SALIENCY, Explainer
from core.explanation.targets import class_target
from core.files import replace_file
from core.inference.forward import FEATURES, forward
from core.inference.gate import (
    CONFIDENT,
    FUSION_LAYER,
    LOW_CONFIDENCE,
    NO_TUMOUR,
    OUT_OF_DISTRIBUTION,
    Gate,
    GateThresholds,
    apply_temperature,
    gate_classifier,
    load_gate,
    with_feature_output,
)
from core.metrics.calibration import expected_calibration_error, reliability_bins
from core.metrics.classification import log_loss
from core.metrics.localisation import chance_level, heat_inside
from core.ood.inpainting import inpaint_beside_tumour, insert_tumour, remove_tumour
from core.ood.source_leakage import source_auc, source_features
from core.progress import ProgressWrapper
from core.readers.preprocessing import HEAD_THRESHOLD, preprocess_mask, preprocess_slice
from core.readers.slices import read_slice
from core.training.card_writer import with_screen

if TYPE_CHECKING:
    import keras

TRANSPLANTS = 4
"""Tumours put into each slice that has none, and how often that slice itself is shown, each time changed anew."""
DIRECTIONS = 128
"""Main directions along which strangeness is measured; see ``TRIED``."""
REGULARISATION = 1e-3
"""Inverse strength of the logistic regression's L2 penalty, features in standard deviations; chosen on dev."""
INPAINTED_WEIGHT = 1 / 3
"""Of the data set's own slices made tumour-free, where the other groups weigh 1; chosen on dev and validation."""
QUALITY, SHRINK, GAMMA = (50, 95), (0.6, 1.0), 0.3
"""JPEG quality, resampled side and exponent (as a natural logarithm, either way) of what training planes go through."""
MISSED_LIMIT, FALSE_ALARM_LIMIT, ACCURACY_AIM = 0.05, 0.05, 0.82
OOD_QUANTILE_INTERNAL, OOD_QUANTILE_EXTERNAL = 0.985, 0.97
TEMPERATURES = np.geomspace(0.25, 4, 161)
_BATCH = 32

RULES = {
    "no_tumour": f"the highest score below which lie at most {MISSED_LIMIT:.0%} of the tumour slices, of dev's and "
    "of the "
    "data set's validation slices alike",
    "tumour": f"the lowest score from which lie at most {FALSE_ALARM_LIMIT:.0%} of dev's tumour-free slices; where "
    "the two "
    "would cross, both are their mean",
    "sure": f"the lowest probability from which at least {ACCURACY_AIM:.0%} of dev's tumour slices are named rightly, "
    "whether or not the other thresholds let them pass",
    "strange": f"the larger of the data set's validation slices' {OOD_QUANTILE_INTERNAL:.1%} quantile and dev's "
    f"{OOD_QUANTILE_EXTERNAL:.0%} quantile",
    "temperature": "the lowest cross-entropy on the data set's validation slices",
}

TRIED = [
    "Fitted on the data set's tumour slices against tumour-free ones from elsewhere only: area under the ROC curve "
    "0.95 to 0.97 on dev, but 0.71 between the data set's validation slices and the same with their tumour taken "
    "out.",
    "With tumours taken out and put in: 0.98 to 0.99 on dev, 0.92 within the data set.",
    "From the mask alone (its highest probability and its area): 0.78 on both.",
    "A support vector machine with a radial kernel on the same features: 0.92 to 0.98 on dev.",
    "The data set's tumour-free twins weighted like the other groups: 0.99 on dev, but a fifth to a third of the "
    "data set's validation tumours then scored below nineteen in twenty of dev's tumour-free slices; with a third "
    "of that weight a twelfth.",
    "The validation slices among those learnt from, those of a patient left out in turn: within the data set 0.90 to "
    "0.91 instead of 0.92.",
    "Strangeness as the distance from the mean of the training slices, along 64 main directions: of 240 pictures "
    "that are no brain 90 % lay beyond its threshold, of photographs 43 %. Another measure was then chosen, "
    "without these, on the validation slices and 346 other photographs, drawings and documents (Debian's packages "
    "opencv-doc and gnome-backgrounds).",
    "On those: that distance told 90 % of them apart along 64 directions, 97 % along 128; that from the nearest of "
    "three class means 75 % and 92 %; from the nearest of four or eight clusters less; the angle to the nearest "
    "training slice 72 %; the distance from the nearest training slice 99 % along 64 as along 128 directions.",
    "Quantiles before those in the rules: 95 % and 90 % of dev's strangeness, and 83 % named rightly; moved on dev, "
    "for too few of its tumours were given an answer. The pictures that are no brain and the data set's test slices "
    "had been measured with them (flagged 100 % and 1.8 %), those from elsewhere in the split test had not.",
    'Features of the tumour score pooled over the whole plane, 1.0.0 of the screen: of dev\'s answers "no tumour" 58 % '
    "of the heat lay on the head, where 55 % would by chance, and 69 % of them stayed in other surroundings; pooled "
    "over the head 94 % and 91 %. That screen had been measured on the split test before this was found on dev: of the "
    "slices without a tumour 10.9 % called one, of those with one 3.3 % called tumour-free, 76.5 % of the kinds named "
    "right. Nothing was chosen on that; for this screen the split was used once more, and once.",
]
"""What came before, on dev and the validation slices; the figures are areas under ROC curves unless stated."""

_ABOUT = (
    "A gate beside the network, not an output of it: read from the network's features, it leaves the network's own "
    "answers and figures (metrics.test, metrics.cross_validation) as they are, and decides whether they are given. "
    "What that costs on the test slices is metrics.external.figshare_all."
)
_ANSWERS = {
    CONFIDENT: "one of the classes, with its calibrated probability",
    NO_TUMOUR: "no tumour",
    LOW_CONFIDENCE: "not sure: whether there is a tumour, or of which class",
    OUT_OF_DISTRIBUTION: "this does not look like a contrast-enhanced T1 slice of a head",
}
_DATA = (
    "Slices without a tumour, and all slices outside the data set that thresholds are chosen on or that it is measured "
    "on: from the collection Brain Tumor Classification (MRI) by Sartaj Bhuvaji et al., without copies of the data "
    "set's slices. T1, T2, FLAIR and some CT, of unknown scanners, without patient numbers, with labels known to be "
    "noisy."
)
TEXTS = {"about": _ABOUT, "answers": _ANSWERS, "data": _DATA, "rules": RULES, "tried": TRIED}
"""What a card says of its screen in words."""

CONTROLS = {
    "as_they_are": "area under the ROC curve with which size, border and histogram alone, by logistic regression, tell "
    "the data set's training slices from tumour-free ones from elsewhere; 0.5 is chance",
    "preprocessed": "the same after the network's preprocessing",
    "as_in_training": "the same after resampling, compression and change of contrast too",
    "own_twins_called_no_tumour": "share of the data set's validation slices, their tumour taken out, that score below "
    "no_tumour: what went by the source would call them tumours",
    "own_twins": "how many those are: of tumours that do not cross the middle",
    "own_shams_called_no_tumour": "the same of those slices with the tumour left and an equal piece beside it "
    "replaced instead: what went by the traces of a replacement would call them tumour-free",
    "called_no_tumour": "how many of dev's slices score below no_tumour; the next four figures are of them",
    "heat_in_head": "mean share of that answer's Layer-CAM, where encoder and decoder meet, which lies on the head; "
    "nearly all features pass there",
    "saliency_in_head": "the same of that answer's smoothed saliency, which shows what speaks against it too",
    "head_area": "the head's mean share of those planes: what heat spread evenly would have there",
    "kept_in_other_surroundings": "share that still score below no_tumour when what lies beside the head is that of a "
    "slice of the data set, all of which have a tumour",
}

Planes = list[np.ndarray]
"""(S, S) float32 in [0, 1] each."""


@dataclass(frozen=True, eq=False)
class NetworkOutputs:
    """What a network says of n slices.

    Attributes:
        features: (n, F + D), see ``core.inference.gate``.
        probabilities: (n, classes).
        true: (n,) names of the true classes, or another word for slices without a tumour.
    """

    features: np.ndarray
    probabilities: np.ndarray
    true: np.ndarray

    @property
    def has_tumour(self) -> np.ndarray:
        """(n,) bool."""
        return np.isin(self.true, CLASSES)


class _Slices:
    """Planes as the bundle's network takes them: of the data set, and from elsewhere."""

    def __init__(self, bundle: Bundle, store: Store, folder: Path) -> None:
        spec = bundle.card["input"]
        self.size, self.preprocessing = spec["height"], spec["preprocessing"]
        self.part = splits.split_parts(bundle.card["data"]["split"])
        self.store, self.folder = store, folder

    def numbers(self, part: str) -> list[int]:
        """The data set's slices in one part of the bundle's split."""
        return [int(one) for one in self.part.index[self.part == part]]

    def pixels_outside(self, split: str) -> list[tuple[np.ndarray, str]]:
        """Pixels and class of slices from elsewhere."""
        return [
            (read_slice((self.folder / file).read_bytes(), Path(file).name).pixels, true)
            for file, true in read_external_index(self.folder, split).itertuples(index=False, name=None)
        ]

    def plane(self, pixels: np.ndarray) -> np.ndarray:
        """(H, W) pixels as the network takes them."""
        return preprocess_slice(pixels, size=self.size, preprocessing=self.preprocessing)[0].astype(np.float32)

    def inside(self, part: str) -> list[tuple[np.ndarray, np.ndarray, str]]:
        """Plane, mask and class of the data set's slices in one part of the bundle's split."""
        found = []
        for number in self.numbers(part):
            pixels = self.store.pixels(number)
            plane, place = preprocess_slice(pixels, size=self.size, preprocessing=self.preprocessing)
            mask = preprocess_mask(self.store.mask(number), place, size=self.size).astype(bool)
            found.append((plane.astype(np.float32), mask, splits.class_of_slice(number)))
        return found

    def outside(self, split: str) -> list[tuple[np.ndarray, str]]:
        """Plane and class of slices from elsewhere."""
        return [(self.plane(pixels), true) for pixels, true in self.pixels_outside(split)]


def fit_gate(bundle: Bundle, store: Store, folder: Path, *, progress: ProgressWrapper = iter) -> dict[str, Any]:
    """Fit the screen of an evaluated bundle; write ``screen.npz`` and ``card["screen"]``.

    Args:
        bundle: names and outlines with the unified network.
        store: the prepared data set.
        folder: of slices from elsewhere; see ``core.evaluation.external.read_external_index``. Its split train must
        hold slices without a
            tumour, its split dev all classes; its split test is not read.
        progress: wraps the groups of planes, to show a bar.

    Returns:
        The new card.

    Raises:
        BundleError: not such a bundle.
        DatasetError: see ``read_index``; or nothing to learn from.
    """
    if bundle.tasks != TASKS:
        raise BundleError(f"The bundle '{bundle.name}' does not both name and outline; only such a one gets a screen.")
    slices, random = _Slices(bundle, store, folder), np.random.default_rng(SEED)
    network = with_feature_output(load_network(bundle))
    groups, counts = _groups(slices, random)
    learnt = [
        (_ask(bundle, network, [degrade(plane, random) for plane in planes])[0], label, weight)
        for planes, label, weight in progress(groups)
    ]
    screen = fit_scores(learnt, channels=network.get_layer(FUSION_LAYER).output.shape[-1])
    own_asked, dev_asked = (
        _asked(bundle, network, rows) for rows in (slices.inside("validation"), slices.outside(DEV))
    )
    limits = choose_thresholds(screen, own_asked, dev_asked)
    with replace_file(bundle.folder / GATE) as temporary:
        np.savez_compressed(temporary, **{name: value.astype(np.float32) for name, value in vars(screen).items()})
    described = {
        **TEXTS,
        "thresholds": vars(limits),
        "fitted_on": counts,
        "calibration_error": {
            "before": _calibration_error(own_asked, 1.0),
            "after": _calibration_error(own_asked, limits.temperature),
            "of": "the class's probability on the data set's validation slices, expected calibration error",
        },
    }
    # Answers of the screen before this one say nothing of this one.
    for stale in (EXTERNAL, OOD_ANSWERS):
        (bundle.folder / stale).unlink(missing_ok=True)
    figures = {name: one for name, one in bundle.card.get("metrics", {}).items() if name != "external"}
    write_card(bundle.folder, {**bundle.card, "metrics": figures, "screen": described})
    return check_gate(open_bundle(bundle.name, bundle.folder.parent), store, folder)


def check_gate(bundle: Bundle, store: Store, folder: Path) -> dict[str, Any]:
    """Measure whether a bundle's screen goes by the tumour or by the source; write it, and what is said in words.

    Args:
        bundle: with a screen.
        store: the prepared data set.
        folder: see ``fit_screen``; its splits train and dev are read.

    Returns:
        The new card, with ``screen.source_control``.
    """
    slices, random = _Slices(bundle, store, folder), np.random.default_rng(SEED)
    screen, limits = load_gate(bundle)
    network = with_feature_output(load_network(bundle))

    def called_free(planes: Planes) -> np.ndarray:
        return screen.tumour_score(_ask(bundle, network, planes)[0]) < limits.no_tumour

    def share_called_free(planes: Planes) -> float | None:
        return float(called_free(planes).mean()) if planes else None

    own = slices.inside("validation")
    twins = [twin for plane, mask, _ in own if (twin := remove_tumour(plane, mask)) is not None]
    shams = [sham for plane, mask, _ in own if (sham := inpaint_beside_tumour(plane, mask)) is not None]
    dev = [plane for plane, _ in slices.outside(DEV)]
    free = [plane for plane, is_free in zip(dev, called_free(dev), strict=True) if is_free]
    donors = [own[int(n)][0] for n in random.integers(len(own), size=len(free))]
    heads = [_head(plane) for plane in free]
    moved = [
        np.where(head, plane, np.where(_head(donor), 0, donor))
        for plane, head, donor in zip(free, heads, donors, strict=True)
    ]
    control = {
        **_source_control(slices, random),
        "own_twins": len(twins),
        "own_twins_called_no_tumour": share_called_free(twins),
        "own_shams_called_no_tumour": share_called_free(shams),
        "called_no_tumour": len(free),
        **_looks_at_head(bundle, screen, free, heads),
        "kept_in_other_surroundings": share_called_free(moved),
        "definitions": CONTROLS,
    }
    card = {
        **bundle.card,
        "limits": with_screen(bundle.card["limits"]),
        "screen": {**bundle.card["screen"], **TEXTS, "source_control": control},
    }
    write_card(bundle.folder, card)
    return card


def _asked(bundle: Bundle, network: "keras.Model", rows: list[tuple]) -> NetworkOutputs:
    """What a network says of rows of (plane, …, class)."""
    return NetworkOutputs(*_ask(bundle, network, [plane for plane, *_ in rows]), np.array([true for *_, true in rows]))


def _head(plane: np.ndarray) -> np.ndarray:
    return ndimage.binary_fill_holes(plane > HEAD_THRESHOLD)


def _groups(slices: _Slices, random: np.random.Generator) -> tuple[list[tuple[Planes, bool, float]], dict[str, int]]:
    """The four groups to learn from, each with whether it shows tumours and its weight, and what they are made of."""
    own = slices.inside("train")
    healthy = [plane for plane, true in slices.outside("train") if true not in CLASSES]
    twins = [twin for plane, mask, _ in own if (twin := remove_tumour(plane, mask)) is not None]
    shown = [plane for plane in healthy for _ in range(TRANSPLANTS)]
    planted = []
    for plane in shown:
        source, mask, _ = own[random.integers(len(own))]
        made = insert_tumour(plane, source, mask, random)
        if made is not None:
            planted.append(made)
    if not (twins and planted):
        raise DatasetError(
            "A screen needs slices whose tumour lies on one side of the head, and slices without a tumour in the split "
            "train of the folder."
        )
    counts = {
        "tumour slices of the data set": len(own),
        "of them made tumour-free too": len(twins),
        "tumour-free slices from elsewhere": len(healthy),
        "tumours put into those": len(planted),
    }
    groups = [
        ([plane for plane, *_ in own], True, 1.0),
        (twins, False, INPAINTED_WEIGHT),
        (planted, True, 1.0),
        (shown, False, 1.0),
    ]
    return groups, counts


def _ask(bundle: Bundle, network: "keras.Model", planes: Planes) -> tuple[np.ndarray, np.ndarray]:
    """(n, F + D) features and (n, classes) probabilities."""
    answers = [
        forward(bundle, network.predict_on_batch, np.stack(planes[start : start + _BATCH])[..., None])
        for start in range(0, len(planes), _BATCH)
    ]
    features, probabilities = (np.concatenate([one[name] for one in answers]) for name in (FEATURES, CLASSIFICATION))
    return features, probabilities


def _source_control(slices: _Slices, random: np.random.Generator) -> dict[str, float]:
    """How well size, border and histogram tell the sources apart; see ``CONTROLS``."""
    elsewhere = [pixels for pixels, true in slices.pixels_outside("train") if true not in CLASSES]
    numbers = random.permutation(slices.numbers("train"))[: 2 * len(elsewhere)]
    own = [slices.store.pixels(int(number)) for number in numbers]
    patients = splits.index_table().set_index("slice")["patient"].loc[numbers].to_numpy()

    def apart(change: Callable[[np.ndarray], np.ndarray]) -> float:
        ours, theirs = (np.stack([source_features(change(pixels)) for pixels in group]) for group in (own, elsewhere))
        return source_auc(ours, theirs, patients)

    return {
        "as_they_are": apart(lambda pixels: pixels),
        "preprocessed": apart(slices.plane),
        "as_in_training": apart(lambda pixels: degrade(slices.plane(pixels), random)),
    }


def _looks_at_head(bundle: Bundle, screen: Gate, planes: Planes, heads: list[np.ndarray]) -> dict[str, float | None]:
    """Where the answer "no tumour" to some planes comes from: from the head, or from beside it; see ``CONTROLS``."""
    network = load_network(bundle)
    explain = Explainer(gate_classifier(network, screen))
    ways: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "heat_in_head": _heat_where_they_meet(network, screen),
        "saliency_in_head": lambda plane: explain(plane[None, ..., None], class_target(0), method=SALIENCY).plane,
    }
    shares = {
        name: [heat_inside(way(plane), head) for plane, head in zip(planes, heads, strict=True)]
        for name, way in ways.items()
    }
    shares["head_area"] = [chance_level(head) for head in heads]
    return {name: float(np.mean(found)) if found else None for name, found in shares.items()}


def _heat_where_they_meet(network: "keras.Model", screen: Gate) -> Callable[[np.ndarray], np.ndarray]:
    """What gives the (S, S) Layer-CAM of a plane's "no tumour" where encoder and decoder meet.

    A layer of its own, since there both are only laid side by side: no single convolution sees all that the features
    are made of.
    """
    import keras
    import tensorflow as tf

    told = keras.Model(
        network.inputs, [network.get_layer(FUSION_LAYER).output, with_feature_output(network).outputs[-1]]
    )
    weights = tf.constant(screen.weights[:, None], tf.float32)
    count = len(screen.weights)

    def heat(plane: np.ndarray) -> np.ndarray:
        with tf.GradientTape() as tape:
            seen, features = told([plane[None, ..., None]], training=False)
            against = -tf.matmul(features[:, :count], weights)
        grid = layer_cam(seen[0].numpy(), tape.gradient(against, seen)[0].numpy())
        return np.kron(grid, np.ones((len(plane) // len(grid),) * 2))

    return heat


def degrade(plane: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A (S, S) plane as if it had been mirrored, resampled, compressed and shown at another contrast."""
    size = len(plane)
    small = round(size * random.uniform(*SHRINK))
    image = Image.fromarray(np.round(plane * 255).astype(np.uint8)).resize((small, small), Image.Resampling.BILINEAR)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=int(random.integers(*QUALITY)))
    bright = np.asarray(Image.open(file).resize((size, size), Image.Resampling.BILINEAR), np.float32) / 255
    bright = bright[:, ::-1] if random.random() < 0.5 else bright
    return np.power(bright, np.exp(random.uniform(-GAMMA, GAMMA))).astype(np.float32)


def fit_scores(groups: list[tuple[np.ndarray, bool, float]], *, channels: int) -> Gate:
    """Fit both parts of a screen.

    Args:
        groups: (n, F + D) features, whether they are of tumours, and what the group weighs as a whole. What is typical
            follows from the first.
        channels: D, how many of the features are channel means over the whole plane; they come last.
    """
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression

    features = np.concatenate([one[:, :-channels] for one, *_ in groups]).astype(np.float64)
    label = np.concatenate([np.full(len(one), has) for one, has, _ in groups])
    weight = np.concatenate([np.full(len(one), whole / len(one)) for one, _, whole in groups])
    centre, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    model = LogisticRegression(C=REGULARISATION, max_iter=5000)
    model.fit((features - centre) / spread, label, sample_weight=weight / weight.mean())
    weights = model.coef_[0] / spread

    means = groups[0][0][:, -channels:].astype(np.float64)
    middle, scale = means.mean(axis=0), means.std(axis=0) + 1e-6
    main = PCA(min(DIRECTIONS, *means.shape)).fit((means - middle) / scale)
    whitened = main.components_ / np.sqrt(main.explained_variance_ + 1e-9)[:, None]
    directions = (whitened / scale).T
    bias = np.array(model.intercept_[0] - centre @ weights)
    return Gate(weights, bias, middle, directions, (means - middle) @ directions)


def choose_thresholds(screen: Gate, own: NetworkOutputs, dev: NetworkOutputs) -> GateThresholds:
    """Where answers change, by ``RULES``.

    Args:
        screen: fitted.
        own: the data set's validation slices, all with a tumour.
        dev: slices from elsewhere, with a tumour and without.
    """
    own_index = pd.Series(own.true).map(CLASSES.index).to_numpy()
    losses = [log_loss(own_index, apply_temperature(own.probabilities, one)) for one in TEMPERATURES]
    temperature = float(TEMPERATURES[int(np.argmin(losses))])
    score, tumour = screen.tumour_score(dev.features), dev.has_tumour
    low = float(min(np.quantile(one, MISSED_LIMIT) for one in (score[tumour], screen.tumour_score(own.features))))
    high = float(np.quantile(score[~tumour], 1 - FALSE_ALARM_LIMIT))
    if low > high:
        low = high = (low + high) / 2
    strange = max(
        np.quantile(screen.ood_score(own.features), OOD_QUANTILE_INTERNAL),
        np.quantile(screen.ood_score(dev.features), OOD_QUANTILE_EXTERNAL),
    )
    said = apply_temperature(dev.probabilities[tumour], temperature)
    right = np.array(CLASSES)[said.argmax(axis=1)] == dev.true[tumour]
    # Rounded down, so that the slice whose probability it is stays above it in a table with six digits.
    sure = np.floor(_lowest_sure(said.max(axis=1), right) * 1e4) / 1e4
    return GateThresholds(*(round(float(one), 4) for one in (low, high, sure, strange, temperature)))


def _lowest_sure(highest: np.ndarray, right: np.ndarray) -> float:
    """The lowest of the probabilities from which the wanted share is right; the highest where there is none."""
    order = np.argsort(-highest)
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(shares >= ACCURACY_AIM)
    return float(highest[order[enough[-1] if len(enough) else 0]])


def _calibration_error(asked: NetworkOutputs, temperature: float) -> float:
    said = apply_temperature(asked.probabilities, temperature)
    right = np.array(CLASSES)[said.argmax(axis=1)] == asked.true
    return expected_calibration_error(reliability_bins(said.max(axis=1), right))
