"""The session's analyses of volumes: each is of one volume, plane and pair of networks, and a few are kept."""

from collections import OrderedDict
from collections.abc import Hashable

import streamlit as st

from core.bundles.bundle import Bundle
from core.inference.background import Background
from core.inference.volumes.analysis import SliceFinding, analyse_volume
from core.inference.volumes.regions import keep_largest_region
from panels.shared.predictions import cached_predictor
from panels.shared.slices.chosen import ChosenVolume
from panels.shared.slices.uploads import SliceIdentity, held_uploads

_ANALYSES = "volume_analyses"
"""Session key: analyses by upload, volume, plane and networks."""
_KEPT = 6
"""Most analyses of a session; one takes a bit a voxel."""
_Key = tuple[SliceIdentity, Hashable]
Analysis = Background[SliceFinding]
"""The findings of a plane's slices; once it has ended, their masks are parts of the largest region."""


def kept_analysis(chosen: ChosenVolume, plane: str, classifier: Bundle, segmenter: Bundle) -> Analysis | None:
    """Return the analysis of a plane by two networks, or None where there is none."""
    analyses = _analyses()
    gone = [name for name in analyses if name[0][0] == "upload" and name[0] not in held_uploads()]
    for upload, rest in gone:
        analyses.pop((upload, rest)).stop()
    return analyses.get(_key(chosen, plane, classifier, segmenter))


def start_analysis(chosen: ChosenVolume, plane: str, classifier: Bundle, segmenter: Bundle) -> None:
    """Analyse a plane from its first slice on; the oldest analysis beyond a few is let go."""
    analyses, name = _analyses(), _key(chosen, plane, classifier, segmenter)
    for other in analyses.values():
        other.stop()
    analyses.pop(name, None)
    volume, predictor = chosen.volume, cached_predictor(classifier, segmenter)
    analyses[name] = Background(
        lambda: (finding for _, _, finding in analyse_volume(predictor, volume, plane)),
        volume.count(plane),
        finish=lambda findings: keep_largest_region(volume, plane, findings),
    )
    while len(analyses) > _KEPT:
        analyses.popitem(last=False)


def _analyses() -> OrderedDict[_Key, Analysis]:
    analyses: OrderedDict[_Key, Analysis] = st.session_state.setdefault(_ANALYSES, OrderedDict())
    return analyses


def _key(chosen: ChosenVolume, plane: str, classifier: Bundle, segmenter: Bundle) -> _Key:
    return chosen.upload, (chosen.identity, plane, classifier.fingerprint, segmenter.fingerprint)
