"""One slice of the data set, opened: two bundles' stored predictions, the heat map, and the patient's other slices."""

import pandas as pd
import streamlit as st

from core.bundles.bundle import LITE, Bundle
from core.bundles.mask_thresholds import at_threshold
from core.bundles.predictions import row_of_slice
from core.bundles.stored_maps import stored_answer_map, stored_tumour_probability
from core.dataset.head_outlines import head_outline
from core.inference.predictor import model_input
from core.inference.render import SHOW_HEAT_MAP, SHOW_MASK
from core.labels import CLASS_LABELS, PART_LABELS
from core.readers.preprocessing import map_to_slice
from core.readers.slices import Slice
from core.text import join_words, lower_first
from core.translation.messages import mark, shown, tr
from panels.shared.answer import agreement_mark, answer_container, class_text, draw_class_probabilities
from panels.shared.cache import cached_mask_thresholds, cached_predictions
from panels.shared.controls import errors_in_one_sentence
from panels.shared.labels import bundle_title
from panels.shared.model_choice import ChosenModel, model_address
from panels.shared.predictions import is_predicted, predict
from panels.shared.slices import gallery
from panels.shared.slices.data_set.find import find_slices
from panels.shared.slices.data_set.outline import Overlays, outline_slice, stored_overlays
from panels.shared.slices.data_set.source import look_again
from panels.shared.slices.image import heat_legend
from panels.shared.viewer.viewer import draw_viewer, heat_layer, mask_layers

_NEIGHBOURS = 6


def draw_slice_dialog(
    table: pd.DataFrame,
    *,
    caption: gallery.TileCaption,
    model: ChosenModel,
    threshold: float | None = None,
) -> None:
    """Open a dialog with the slice the address names; a sentence where the table has no such slice.

    A bundle that cannot be used is told in the dialog.

    Args:
        table: stored predictions of the page's bundle, all slices.
        caption: gives what stands below a neighbour's tile.
        model: gives class and mask.
        threshold: least probability of a tumour pixel; the segmenter's own if None.
    """
    number = gallery.opened_slice(table["slice"].tolist())
    if number is None:
        gallery.tell_unknown_slice()
        return

    @st.dialog(tr("Slice {number}", number=number), width="large", on_dismiss=gallery.close_slice)
    def show() -> None:
        opened = gallery.opened_slice(table["slice"].tolist()) or number
        with errors_in_one_sentence():
            chosen_threshold = model.segmenter.mask_threshold if threshold is None else threshold
            _draw_slice(opened, table, caption, model.classifier, model.segmenter, chosen_threshold)

    show()


def _draw_slice(
    number: int,
    table: pd.DataFrame,
    caption: gallery.TileCaption,
    classifier: Bundle,
    segmenter: Bundle,
    threshold: float,
) -> None:
    row = row_of_slice(table, number)
    others = _others(row, table)
    found = find_slices([number, *others["slice"].tolist()])
    slices = found.by_number
    _draw_steps(number)
    image_column, text_column = st.columns([10, 11], gap="medium")
    with image_column:
        if number in slices:
            _draw_overlaid_slice(slices[number], number, classifier, segmenter, threshold)
        else:
            _draw_outline(number, classifier, segmenter, threshold)
    with text_column:
        with answer_container(number, classifier.fingerprint, segmenter.fingerprint, threshold, key="viewer_answer"):
            _draw_stored_predictions(number, row, classifier, segmenter, threshold)
        with st.container(horizontal=True):
            address = {"slice": str(number)} | model_address(classifier.name, segmenter.name)
            st.page_link(
                "pages/analyse.py",
                label=tr("Analyse"),
                icon=":material/search:",
                query_params=address,
            )
            st.page_link(
                "pages/explain.py",
                label=tr("Explain"),
                icon=":material/visibility:",
                query_params=address,
            )
        _draw_series(row, classifier)
        _draw_others(row, others, slices, caption, count=int((table["patient"] == row["patient"]).sum()))
    look_again(found, key="viewer")


def _draw_steps(number: int) -> None:
    """Draw what opens the previous and the next of the page's slices, by button or arrow key."""
    previous, following = gallery.listed_neighbours(number)
    if previous is None and following is None:
        return
    with st.container(horizontal=True, gap="small"):
        for label, target, key in (
            (mark("Previous"), previous, "Left"),
            (mark("Next"), following, "Right"),
        ):
            st.button(
                tr(label),
                key=f"viewer_{label.lower()}",
                on_click=gallery.open_on_page,
                args=(target,),
                disabled=target is None,
                shortcut=key,
            )


_MAKE = {
    (SHOW_HEAT_MAP, SHOW_MASK): mark("Make the heat map and the mask"),
    (SHOW_HEAT_MAP,): mark("Make the heat map"),
    (SHOW_MASK,): mark("Make the mask"),
}
"""What a button offers by what is missing."""


def _draw_overlaid_slice(slice_: Slice, number: int, classifier: Bundle, segmenter: Bundle, threshold: float) -> None:
    overlays = _overlays(slice_, number, classifier, segmenter, threshold)
    if (overlays.heat is None or overlays.mask is None) and _is_quick(classifier, segmenter):
        predict(slice_, ("slice", number), classifier=classifier, segmenter=segmenter)
        overlays = _overlays(slice_, number, classifier, segmenter, threshold)
    available = {SHOW_HEAT_MAP: overlays.heat, SHOW_MASK: overlays.mask}
    note = heat_legend(overlays.heat, follows_mask=classifier.heat_follows_mask)
    layers = [] if overlays.heat is None else [heat_layer(overlays.heat, note)]
    layers += mask_layers(overlays.mask, slice_.mask)
    draw_viewer(
        slice_,
        layers,
        key="viewer_picture",
        label=tr(
            "Slice {number} with {layers} over it",
            number=number,
            layers=join_words(lower_first(layer.name) for layer in layers) if layers else tr("nothing"),
        ),
        caption=shown(slice_.name) if overlays.heat is None else f"{shown(slice_.name)}; {note}",
        small=True,
    )
    missing = [name for name in (SHOW_HEAT_MAP, SHOW_MASK) if available[name] is None]
    if missing and st.button(
        tr(_MAKE[tuple(missing)]),
        key="viewer_make",
        icon=":material/visibility:",
    ):
        predict(slice_, ("slice", number), classifier=classifier, segmenter=segmenter)
        st.rerun(scope="fragment")


def _is_quick(*bundles: Bundle) -> bool:
    """Return whether networks answer at once: those with a LiteRT file; others are converted first."""
    return all(LITE in bundle.card.files for bundle in bundles)


def _overlays(slice_: Slice, number: int, classifier: Bundle, segmenter: Bundle, threshold: float) -> Overlays:
    """Return what the bundles store of the slice, or what this session has predicted."""
    identity = ("slice", number)
    if is_predicted(identity, classifier=classifier, segmenter=segmenter):
        prediction = predict(slice_, identity, classifier=classifier, segmenter=segmenter)
        return Overlays(prediction.heat, prediction.tumour >= threshold)
    heat, tumour_probability = stored_answer_map(classifier, number), stored_tumour_probability(segmenter, number)
    return Overlays(
        None if heat is None else map_to_slice(heat, model_input(classifier, slice_)[1]),
        None
        if tumour_probability is None
        else map_to_slice(tumour_probability, model_input(segmenter, slice_)[1]) >= threshold,
    )


def _draw_outline(number: int, classifier: Bundle, segmenter: Bundle, threshold: float) -> None:
    """Draw what ships of a slice that is not at hand, in the viewer where the slice will stand."""
    outline = head_outline(number)
    overlays = stored_overlays([outline], classifier, segmenter, threshold)[number]
    note = heat_legend(overlays.heat, follows_mask=classifier.heat_follows_mask)
    layers = [] if overlays.heat is None else [heat_layer(overlays.heat, note)]
    layers += mask_layers(overlays.mask, None)
    over = "" if overlays.heat is None else f"; {note}"
    draw_viewer(
        outline_slice(outline),
        layers,
        key="viewer_picture",
        label=tr("The head's outline in slice {number}, not the slice itself", number=number),
        caption=tr("The head's outline, not the slice itself{over}", over=over),
        small=True,
    )


def _draw_stored_predictions(
    number: int, row: pd.Series, classifier: Bundle, segmenter: Bundle, threshold: float
) -> None:
    prediction = row_of_slice(cached_predictions(classifier), number)
    draw_class_probabilities(
        prediction["predicted"],
        {name: prediction[f"p_{name}"] for name in classifier.card.classes},
        key="viewer_bars",
    )
    mask_scores, scored_threshold = _mask_scores(number, segmenter, threshold)
    st.markdown(
        tr(
            "{mark} True class: **{true}** · predicted against true mask: **Dice "
            "{dice:.2f}**, IoU {iou:.2f} at threshold {threshold:.2f}",
            mark=agreement_mark(prediction["right"]),
            true=CLASS_LABELS[prediction["true"]].title,
            dice=mask_scores["dice"],
            iou=mask_scores["iou"],
            threshold=scored_threshold,
        )
    )
    if scored_threshold != threshold:
        st.caption(
            tr(
                "Drawn at threshold {threshold:.2f}. Scores at every threshold are stored for test slices only.",
                threshold=threshold,
            )
        )
    st.caption(
        tr(
            "Patient {patient}, official fold {fold}, true tumour area {tumour_px} px. {provenance}",
            patient=row["patient"],
            fold=row["fold"],
            tumour_px=row["tumour_px"],
            provenance=_provenance(classifier, prediction["part"], segmenter, mask_scores["part"]),
        )
    )


def _provenance(classifier: Bundle, class_part: str, segmenter: Bundle, mask_part: str) -> str:
    """Say which bundle gives the class and which the mask, and once what the slice was to them."""
    of_class, of_mask = PART_LABELS[class_part].in_text, PART_LABELS[mask_part].in_text
    if classifier.name == segmenter.name:
        return tr("Class and mask by {bundle}: {part}.", bundle=bundle_title(classifier), part=of_class)
    names = (
        tr("Class by {bundle}", bundle=bundle_title(classifier)),
        tr("mask by {bundle}", bundle=bundle_title(segmenter)),
    )
    if class_part == mask_part:
        return tr("{networks}: {part} of both.", networks=", ".join(names), part=of_class)
    return f"{names[0]} ({of_class}), {names[1]} ({of_mask})."


def _mask_scores(number: int, segmenter: Bundle, threshold: float) -> tuple[pd.Series, float]:
    """Return the segmenter's stored scores of a slice, and the threshold of its Dice and IoU.

    That is the chosen threshold where the bundle stores scores at it, which it does for test slices; else its own.
    """
    own = segmenter.mask_threshold
    if threshold != own:
        rows = at_threshold(cached_mask_thresholds(segmenter), threshold)
        if number in rows["slice"].to_numpy():
            return row_of_slice(rows, number), threshold
    return row_of_slice(cached_predictions(segmenter), number), own


def _others(row: pd.Series, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the patient's slices nearest by number; numbers follow the order within a patient."""
    others = table[(table["patient"] == row["patient"]) & (table["slice"] != row["slice"])]
    nearest = others.loc[(others["slice"] - row["slice"]).abs().sort_values(kind="stable").index[:_NEIGHBOURS]]
    return nearest.sort_values("slice")


def _draw_series(row: pd.Series, classifier: Bundle) -> None:
    """Draw the class of all slices of the open slice's patient together, by their mean stored probability."""
    predictions = cached_predictions(classifier)
    series = predictions[predictions["patient"] == row["patient"]]
    if len(series) < 2:
        return
    means = {name: float(series[f"p_{name}"].mean()) for name in classifier.card.classes}
    likeliest = max(means, key=lambda name: means[name])
    st.markdown(
        tr(
            "{mark} All {count} slices of patient {patient} together, as a series: **{result}**",
            mark=agreement_mark(likeliest == row["true"]),
            count=len(series),
            patient=row["patient"],
            result=class_text(likeliest, means),
        ),
        help=tr("The mean of the stored probabilities, before the gate."),
    )


def _draw_others(
    row: pd.Series, others: pd.DataFrame, slices: dict[int, Slice], caption: gallery.TileCaption, *, count: int
) -> None:
    """Draw the nearest of the patient's other slices as tiles.

    Args:
        row: of the open slice.
        others: rows of the nearest ones.
        slices: those at hand, by number.
        caption: gives what stands below a tile.
        count: of the patient's slices.
    """
    if others.empty:
        st.caption(tr("The data set has no other slice of this patient."))
        return
    st.markdown(
        tr(
            "**Other slices of patient {patient}** ({count} nearest of {total})",
            patient=row["patient"],
            count=len(others),
            total=count - 1,
        )
    )
    gallery.draw_tiles(others, slices, caption=caption, key="viewer", width=90)
