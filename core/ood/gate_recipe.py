"""The recipe of a gate, a TOML file: the settings that it is fitted with and the texts that its card prints."""

import functools
import tomllib
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.bundles.card.schema import Card
from core.config import PRESENCE, ROOT
from core.errors import TrainingError

GATE_RECIPES = ROOT / "recipes" / "gates"
FEATURES_GATE_RECIPE = "features"
"""The recipe for networks without the task presence: the gate reads their features."""
PRESENCE_GATE_RECIPE = "presence"
"""The recipe for networks with the task presence."""


@dataclass(frozen=True, kw_only=True)
class CommonGateSettings:
    """The settings that every gate is fitted with.

    Attributes:
        jpeg_quality: range of the JPEG quality of training planes.
        resampled_side: range of the side that training planes are resampled to, as a share of their own.
        gamma: largest logarithm of the exponent of training planes' intensities, either way.
        directions: principal directions that the distance from the nearest training slice is measured along.
        regularisation: inverse strength of the tumour score's L2 penalty, its inputs in standard deviations.
        missed_limit: largest share of tumour slices below the threshold ``no_tumour``.
        false_alarm_limit: largest share of tumour-free slices from the threshold ``tumour`` on.
        accuracy_aim: lowest accuracy from the threshold ``sure`` on.
        ood_quantile_internal: quantile of the validation slices' OOD scores; see the rule of ``strange``.
        ood_quantile_external: the same of the external slices in the split dev.
    """

    jpeg_quality: tuple[int, int]
    resampled_side: tuple[float, float]
    gamma: float
    directions: int
    regularisation: float
    missed_limit: float
    false_alarm_limit: float
    accuracy_aim: float
    ood_quantile_internal: float
    ood_quantile_external: float


@dataclass(frozen=True, kw_only=True)
class GateSettings(CommonGateSettings):
    """The settings of a gate that reads whether there is a tumour from the network's features.

    Attributes:
        insertions_per_slice: tumours inserted into each tumour-free slice; that slice itself is shown as often.
        inpainted_weight: weight of the data set's slices with their tumour inpainted; the other groups weigh 1.
    """

    insertions_per_slice: int
    inpainted_weight: float


@dataclass(frozen=True, kw_only=True)
class PresenceGateSettings(CommonGateSettings):
    """The settings of the gate of a network with the task presence.

    Attributes:
        own_slices: training slices of the data set that the OOD score is fitted on, drawn at random.
        made_per_kind: pictures of each kind in ``core.ood.made_images`` that it is fitted on.
        blur, noise, bend, bias: largest changes of the planes' intensities; see ``core.training.data.intensity``.
        changed_share: share of the planes that each of these changes is drawn for.
        invert, caption: shares of the planes that are inverted inside the head, and get captions.
        no_head_regularisation: as ``regularisation``, of the score of pictures that are no head slices.
        margin_quantile: of the distances by which changed validation slices' scores move; see the margins' rules.
        changed_every: every how many validation slices one is changed to measure the margins.
    """

    own_slices: int
    made_per_kind: int
    blur: float
    noise: float
    bend: float
    bias: float
    changed_share: float
    invert: float
    caption: float
    no_head_regularisation: float
    margin_quantile: float
    changed_every: int


@dataclass(frozen=True)
class GateTexts:
    """The texts that a card prints about its gate.

    Attributes:
        about: what the gate is.
        data: the external slices it was fitted and measured on.
        calibration_error: definition of the card's ``calibration_error``.
        tried: what was tried on dev and validation before the settings were fixed, a paragraph each.
        answers: by stored answer, its meaning.
        rules: by threshold, how it is chosen.
        control: by key of the card's ``source_control``, its definition.
    """

    about: str
    data: str
    calibration_error: str
    tried: list[str]
    answers: dict[str, str]
    rules: dict[str, str]
    control: dict[str, str]


@dataclass(frozen=True)
class GateRecipe:
    """A gate's settings, and its texts with the settings' numbers filled in."""

    settings: CommonGateSettings
    texts: GateTexts


@functools.cache
def load_gate_recipe(name: str = FEATURES_GATE_RECIPE, folder: Path = GATE_RECIPES) -> GateRecipe:
    """Read ``recipes/gates/<name>.toml``.

    Raises:
        TrainingError: there is no such recipe, or a setting or text is missing, unknown or malformed.
    """
    path = folder / f"{name}.toml"
    if not path.is_file():
        names = ", ".join(sorted(other.stem for other in folder.glob("*.toml")))
        raise TrainingError("There is no recipe of a gate '{name}'; there are {names}.", name=name, names=names)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in table["settings"].items()
        }
        settings = (PresenceGateSettings if name == PRESENCE_GATE_RECIPE else GateSettings)(**values)
        rules = {key: rule.format(**asdict(settings)) for key, rule in table["texts"]["rules"].items()}
        return GateRecipe(settings, GateTexts(**{**table["texts"], "rules": rules}))
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(
            "The recipe of the gate '{name}' cannot be read: {error}.", name=name, error=error
        ) from error


def gate_recipe_of(tasks: Collection[str]) -> GateRecipe:
    """Return the recipe for the gate of a network with these tasks."""
    return load_gate_recipe(PRESENCE_GATE_RECIPE if PRESENCE in tasks else FEATURES_GATE_RECIPE)


def gate_texts(recipe: GateRecipe) -> dict[str, Any]:
    """Return the texts that stand directly in a card's ``screen``, by key."""
    texts = recipe.texts
    return {
        "about": texts.about,
        "answers": texts.answers,
        "data": texts.data,
        "rules": texts.rules,
        "tried": texts.tried,
    }


def gate_text_changes(card: Card, recipe: GateRecipe | None = None) -> dict[str, Any]:
    """Return the changes that bring a card's texts about its gate up to the recipe; none for a card without a gate.

    Args:
        card: of any bundle.
        recipe: of the gate; the one for its network where None.
    """
    if card.gate is None:
        return {}
    recipe = recipe or gate_recipe_of(card.tasks)
    changes: dict[str, Any] = {f"screen.{name}": text for name, text in gate_texts(recipe).items()}
    if card.gate.calibration_error:
        changes["screen.calibration_error.of"] = recipe.texts.calibration_error
    if card.gate.source_control:
        changes["screen.source_control.definitions"] = recipe.texts.control
    return changes
