"""The bundles of a folder: those that can be used, and one sentence for each that cannot."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.bundles.bundle import REPORT_CLASSIFIER, REPORT_SEGMENTER, Bundle, bundle_names, open_bundle
from core.config import CLASSIFICATION, SEGMENTATION
from core.errors import NONE, BundleError
from core.translation.messages import Message

_REPORT_BUNDLES = {CLASSIFICATION: REPORT_CLASSIFIER, SEGMENTATION: REPORT_SEGMENTER}


@dataclass(frozen=True, eq=False)
class BundleListing:
    """The bundles of a folder.

    Attributes:
        bundles: those whose card can be read, by name.
        problems: by name of each other bundle, the sentence that says why it cannot be used.
    """

    bundles: Mapping[str, Bundle]
    problems: Mapping[str, Message]

    def find(self, name: str) -> Bundle:
        """Return a bundle.

        Raises:
            BundleError: it cannot be used, or there is none of this name.
        """
        if name in self.problems:
            raise BundleError(self.problems[name])
        if name not in self.bundles:
            raise BundleError(
                "There is no bundle '{name}'; there are {accepted}.",
                name=name,
                accepted=", ".join(self.bundles) or NONE,
            )
        return self.bundles[name]

    def evaluated(self, task: str) -> list[str]:
        """Return the names of the bundles for a task that have test metrics, the report's first.

        They are those to choose from for a slice: a bundle that reads neighbours is not among them, since its figures
        are not those of single slices.
        """
        names = [
            name
            for name, bundle in self.bundles.items()
            if task in bundle.tasks and bundle.is_evaluated and not bundle.reads_neighbours
        ]
        return sorted(names, key=lambda name: (name != _REPORT_BUNDLES[task], name))


def list_bundles(models: Path | None = None) -> BundleListing:
    """Open every bundle of a folder.

    Args:
        models: the folder; ``core.config.models_folder()`` if None.
    """
    bundles: dict[str, Bundle] = {}
    problems: dict[str, Message] = {}
    for name in bundle_names(models):
        try:
            bundles[name] = open_bundle(name, models)
        except BundleError as error:
            problems[name] = error.message
    return BundleListing(bundles, problems)
