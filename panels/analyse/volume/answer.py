"""The answer for a whole volume: started, watched, stopped, and drawn."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.bundles.bundle import Bundle, distinct_bundles
from core.inference.volumes.analysis import SliceFinding, VolumeAnswer, pool, sure_probability
from core.inference.volumes.planes import disagreement
from core.inference.volumes.result import volume_result
from core.translation.messages import mark, tr
from panels.analyse.running import WATCH_SECONDS, draw_progress
from panels.analyse.volume.downloads import draw_volume_downloads
from panels.analyse.volume.kept import Analysis, kept_analysis, start_analysis
from panels.analyse.volume.strip import draw_strip
from panels.analyse.volume.table import draw_slice_table
from panels.shared.answer import answer_container, draw_class_probabilities, draw_headline, draw_truth
from panels.shared.controls import fragment, run_whole_page
from panels.shared.slices.chosen import ChosenVolume
from panels.shared.theme import error_text, whole_percent
from panels.shared.volumes.place import go_to

Networks = tuple[Bundle, Bundle]


def draw_volume_answer(chosen: ChosenVolume, plane: str, number: int, networks: Networks, *, key: str) -> None:
    """Draw the volume's answer in a plane as far as it is known, and what starts or stops it.

    Args:
        chosen: the volume.
        plane: of the slice that is shown.
        number: of the slice that is shown.
        networks: the classifier and the segmenter.
        key: of the controls.
    """
    analysis = kept_analysis(chosen, plane, *networks)
    if analysis is not None and analysis.is_running:
        fragment(_draw_running, every=WATCH_SECONDS)(analysis, number, networks[0], key=key)
        return
    findings = analysis.look() if analysis else ()
    if analysis is None or len(findings) < analysis.total:
        _draw_start(chosen, plane, networks, analysis, key=key)
    draw_strip(findings, networks[0], at=number, count=chosen.volume.count(plane), on_go=go_to, key=f"{key}_strip")
    if findings:
        _draw_answer(chosen, plane, findings, networks, key=key)
        draw_slice_table(chosen, plane, findings, networks[0], at=number, key=f"{key}_table")


def largest_mask(chosen: ChosenVolume, plane: str, networks: Networks) -> int | None:
    """Return the slice with the largest mask, once the plane was analysed and has one."""
    analysis = kept_analysis(chosen, plane, *networks)
    if analysis is None or analysis.is_running:
        return None
    return pool(chosen.volume, plane, analysis.look()).largest


def _draw_running(analysis: Analysis, number: int, classifier: Bundle, *, key: str) -> None:
    """Draw how far an analysis is; this part of the page runs again and again meanwhile."""
    if not analysis.is_running:
        st.rerun()
    findings = analysis.look()
    draw_progress(analysis, done=len(findings), total=analysis.total, stop=analysis.stop, key=key)

    def go(at: int) -> None:
        go_to(at)
        run_whole_page()

    draw_strip(findings, classifier, at=number, count=analysis.total, on_go=go, key=f"{key}_strip")


def _draw_start(chosen: ChosenVolume, plane: str, networks: Networks, analysis: Analysis | None, *, key: str) -> None:
    """Draw the button that analyses a plane, and how far an analysis came that was stopped."""
    total = chosen.volume.count(plane)
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        st.button(
            tr("Analyse all {total} {plane} slices", total=total, plane=tr(plane)),
            key=f"{key}_start",
            icon=":material/view_in_ar:",
            help=tr("Every slice is predicted; their answers are pooled into one for the volume."),
            on_click=start_analysis,
            args=(chosen, plane, *networks),
        )
        if analysis is not None and analysis.error is not None:
            st.error(error_text(analysis.error), icon=":material/error:")
        elif analysis is not None:
            st.caption(
                tr(
                    "Stopped: {count} of {total} slices are analysed, and the answer is theirs.",
                    count=len(analysis.look()),
                    total=total,
                )
            )


def _draw_answer(
    chosen: ChosenVolume, plane: str, findings: Sequence[SliceFinding], networks: Networks, *, key: str
) -> None:
    volume, bundles = chosen.volume, distinct_bundles(*networks)
    answer = pool(volume, plane, findings, sure=sure_probability(networks[0]))
    result = volume_result(volume, plane, findings, answer, bundles)
    with answer_container(result, key=f"{key}_answer"), st.container(border=True):
        st.markdown(tr("**The whole volume**, by its {plane} slices", plane=tr(plane)))
        draw_headline(result, key=key)
        if result["class"]:
            draw_class_probabilities(result["class"], result["probabilities"], key=f"{key}_bars", headline=False)
        _draw_size(result, answer, key=key)
        draw_truth(result["truth"] and result["truth"] | {"area_px": result["truth"]["voxels"]})
        _draw_disagreement(chosen, plane, answer, networks)
        st.caption(
            tr(
                "Pooled from the slices. How often this is right is not measured: the data set has single slices, no "
                "volumes."
            )
        )
        draw_volume_downloads(chosen, plane, findings, (result, answer), networks, key=key)


def _draw_size(result: dict[str, Any], answer: VolumeAnswer, *, key: str) -> None:
    mask, counted = result["mask"], len(answer.counted)
    if answer.largest is None:
        st.markdown(tr("No mask in {slices} slices.", slices=result["slices"]))
        return
    size = (
        tr("{count:,} voxels", count=mask["voxels"])
        if answer.volume_ml is None
        else tr("{volume:,.1f} ml", volume=answer.volume_ml)
    )
    sentence = (
        mark("**Mask {size}** in {count} of {slices} slices")
        if answer.diameter_mm is None
        else mark("**Mask {size}** in {count} of {slices} slices, largest diameter {diameter:.0f} mm")
    )
    st.markdown(tr(sentence, size=size, count=counted, slices=result["slices"], diameter=answer.diameter_mm))
    if mask["left_out_voxels"]:
        share = mask["left_out_voxels"] / (mask["voxels"] + mask["left_out_voxels"])
        st.caption(
            tr(
                "The largest connected region counts as the tumour. {share} of what the slices outline lies "
                "elsewhere and is left out.",
                share=whole_percent(share),
            )
        )
    st.button(
        tr("Largest mask: slice {largest}", largest=answer.largest),
        key=f"{key}_largest",
        icon=":material/my_location:",
        on_click=go_to,
        args=(answer.largest,),
    )


def _draw_disagreement(chosen: ChosenVolume, plane: str, answer: VolumeAnswer, networks: Networks) -> None:
    """Draw how the answer differs from that of another plane that was analysed whole."""
    for other in chosen.volume.planes:
        analysis = kept_analysis(chosen, other, *networks) if other != plane else None
        if analysis is None or len(findings := analysis.look()) < analysis.total:
            continue
        second = pool(chosen.volume, other, findings, sure=sure_probability(networks[0]))
        sentence = disagreement((plane, other), (answer, second), tuple(networks[0].card.classes))
        if sentence:
            st.warning(sentence, icon=":material/warning:")
