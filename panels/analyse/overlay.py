"""The slice on the Analyse page in the viewer, with mask and heat map over it."""

from collections.abc import Sequence

from core.inference.predictor import Prediction
from core.text import join_words, lower_first
from core.translation.messages import shown, tr
from panels.shared.slices.chosen import ChosenSlice
from panels.shared.slices.image import heat_legend
from panels.shared.viewer.viewer import Layer, draw_viewer, heat_layer, mask_layers, probability_layer
from panels.shared.volumes.place import stepping


def draw_overlay(
    chosen: ChosenSlice,
    prediction: Prediction,
    *,
    key: str,
    with_prediction: bool,
    group: str | None = None,
    further: Sequence[Layer] = (),
) -> None:
    """Draw the slice in the viewer.

    Args:
        chosen: the slice.
        prediction: of the slice.
        key: of the viewer, which stays from slice to slice.
        with_prediction: whether mask and heat map are offered; they are not where the prediction is hidden.
        group: see ``draw_viewer``; beside others of a group the heat map is off at first.
        further: layers above the heat map.
    """
    slice_ = chosen.slice
    layers: list[Layer] = []
    note, mask = "", None
    if with_prediction:
        note = heat_legend(prediction.heat_plane[0], follows_mask=prediction.heat_follows_mask)
        tumour = prediction.tumour
        mask = tumour >= prediction.threshold
        layers = [heat_layer(prediction.heat, note, on=group is None), probability_layer(tumour)]
    layers += further
    layers += mask_layers(mask, slice_.mask)
    names = [lower_first(layer.name) for layer in layers if layer.kind != "probability"]
    draw_viewer(
        slice_,
        layers,
        key=key,
        group=group,
        label=tr(
            "The slice with {layers} over it; the text beside it gives the prediction",
            layers=join_words(names) if names else tr("nothing"),
        ),
        caption="; ".join(filter(None, [shown(slice_.name), note if group is None else ""])),
        adjusting=chosen.adjusting,
        volume=stepping(chosen),
    )
