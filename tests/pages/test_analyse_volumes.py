"""Volumes on the Analyse page without a browser: what is read, chosen, analysed and handed out."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.config import ROOT
from core.inference.background import Background
from core.outcome import WITHHELD
from core.readers.samples import find_slice_or_volume
from panels.shared.results_table import PICTURE
from panels.shared.slices.chosen import AT, PLANE
from tests.pages.situations import own_predictions
from tests.volumes import a_head, dicom_series, head_affine, nifti

TIMEOUT = 120
VALUES, MASK = a_head((24, 40, 36))


def opened(*files: tuple[str, bytes], **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "frame.py"), default_timeout=TIMEOUT)
    for name, value in query.items():
        app.query_params[name] = value
    return upload(app.run(), *files) if files else app.run()


def upload(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    app.file_uploader[0].set_value([(name, data, "application/octet-stream") for name, data in files])
    return app.run()


def series(values: np.ndarray = VALUES, **options) -> list[tuple[str, bytes]]:
    return [(f"IM{number}", data) for number, data in enumerate(dicom_series(values, **options))]


def analysed(app: AppTest) -> AppTest:
    """The page once the analysis that it starts is done."""
    app.button(key="analyse_volume_start").click().run()
    (analysis,) = app.session_state["volume_analyses"].values()
    assert isinstance(analysis, Background)
    analysis.wait(TIMEOUT)
    return app.run()


def shows_a_slice(app: AppTest) -> bool:
    return not app.exception and not app.error and bool(app.expander) and bool(own_predictions(app))


def test_dicom_files_that_come_together_are_one_volume_that_opens_at_its_middle():
    app = opened(*series())
    assert shows_a_slice(app)
    assert (app.session_state[PLANE], app.session_state[AT]) == ("axial", 12)
    app.slider(key=AT).set_value(3).run()
    assert shows_a_slice(app) and app.session_state[AT] == 3
    app.segmented_control(key=PLANE).set_value("coronal").run()
    assert shows_a_slice(app) and app.session_state[AT] == 20


def test_the_volume_is_analysed_and_stays_so():
    app = analysed(opened(("head.nii.gz", nifti(VALUES, compressed=True))))
    assert shows_a_slice(app)
    text = "\n".join(element.value for element in app.markdown)
    assert "The whole volume" in text
    assert not [button for button in app.button if button.key == "analyse_volume_start"]


def test_a_sample_volume_opens_at_its_lesion_and_its_analysis_stays() -> None:
    app = opened()
    app.button(key="analyse_sample_glioma-volume").click().run()
    assert shows_a_slice(app) and app.query_params["sample"] == "glioma-volume"
    volume = find_slice_or_volume("glioma-volume").volume()  # type: ignore[union-attr]
    at = app.session_state[AT]
    assert volume.mask[at - 1].sum() == volume.mask.sum(axis=(1, 2)).max()
    assert "Dice" in "\n".join(element.value for element in app.markdown)
    assert "The whole volume" in "\n".join(element.value for element in analysed(app).markdown)
    assert not any(button.key == "analyse_remove" for button in app.button)
    app.slider(key=AT).set_value(at + 1).run()
    assert shows_a_slice(app) and len(app.session_state["volume_analyses"]) == 1


def test_a_slice_of_a_sample_volume_is_explained_under_the_volumes_address() -> None:
    app = opened(sample="meningioma-volume", **{AT: "8"})
    assert shows_a_slice(app) and app.session_state[AT] == 8
    (link,) = [each for each in app.get("page_link") if "explain" in each.proto.page]
    assert "sample=meningioma-volume&" in link.proto.query_string and "at=8" in link.proto.query_string


@pytest.mark.parametrize("name", ["head-seg.nii", "other.nii"])
def test_a_label_map_is_the_true_mask(name):
    app = opened(("head.nii", nifti(VALUES)), (name, nifti(MASK.astype(np.uint8))))
    (choice,) = [box for box in app.selectbox if box.key.startswith("analyse_labels")]
    assert (choice.value is None) == (name == "other.nii")
    app = choice.set_value(choice.options[1]).run() if choice.value is None else app
    text = "\n".join(element.value for element in analysed(app).markdown)
    assert text.count("Dice") >= 1
    app.button(key="analyse_remove").click().run()
    assert not app.exception and "volume_with_mask" not in app.session_state


def test_another_modality_waits_for_a_button_and_stays_flagged():
    def change(dataset, number: int) -> None:
        dataset.Modality = "CT"
        dataset.BurnedInAnnotation = "YES"

    app = opened(*series(change=change))
    assert not app.exception and len(app.warning) == 2 and not own_predictions(app)
    app.button(key="analyse_anyway_modality").click().run()
    assert shows_a_slice(app) and len(app.warning) == 2


def test_a_volume_of_four_dimensions_is_chosen_by_number():
    four = np.stack([VALUES, VALUES[:, ::-1], VALUES // 2], axis=-1)
    app = opened(("four.nii", nifti(four)))
    (number,) = [each for each in app.number_input if each.key.startswith("analyse_number_")]
    assert (number.value, number.max) == (1, 3)
    number.set_value(3).run()
    assert shows_a_slice(app)
    (held,) = app.session_state["uploads"].values()
    assert held.volume.chosen == 3 and held.volume.values.max() == (VALUES // 2).max()


def test_two_planes_that_disagree_are_told():
    app = analysed(opened(("head.nii", nifti(VALUES))))
    app.segmented_control(key=PLANE).set_value("sagittal").run()
    assert "The whole volume" not in "".join(element.value for element in app.markdown)
    app.button(key="analyse_volume_start").click().run()
    for analysis in app.session_state["volume_analyses"].values():
        analysis.wait(TIMEOUT)
    app.run()
    assert not app.exception and len(app.session_state["volume_analyses"]) == 2


def test_a_stopped_analysis_keeps_what_is_done_and_starts_again():
    app = opened(("head.nii", nifti(VALUES)))
    app.button(key="analyse_volume_start").click().run()
    (analysis,) = app.session_state["volume_analyses"].values()
    analysis.stop()
    analysis.wait(TIMEOUT)
    app.run()
    done = len(analysis.look())
    assert not app.exception and 0 < done <= 24
    again = [button for button in app.button if button.key == "analyse_volume_start"]
    assert bool(again) == (done < 24)


def test_an_analysis_goes_with_its_upload():
    app = analysed(opened(("head.nii", nifti(VALUES))))
    app.button(key="analyse_remove").click().run()
    app = upload(app, ("other.nii", nifti(VALUES // 2)))
    assert shows_a_slice(app) and not app.session_state["volume_analyses"]


def test_a_volume_s_slice_goes_along_to_explain():
    app = opened(("head.nii", nifti(VALUES)))
    app.slider(key=AT).set_value(9).run()
    app.switch_page("pages/explain.py").run()
    assert not app.exception and app.slider(key=AT).value == 9


def test_the_slices_of_an_analysed_volume_are_a_table_once_it_is_opened():
    app = analysed(opened(("head.nii", nifti(VALUES, affine=head_affine((5.0, 0.9, 0.9))))))
    assert not app.dataframe
    app.session_state["analyse_volume_table_open"] = True
    app.run()
    assert shows_a_slice(app)
    table = app.dataframe[0].value
    (analysis,) = app.session_state["volume_analyses"].values()
    findings = analysis.look()
    assert len(table) == 24 and table[PICTURE].str.startswith("data:image/jpeg").all()
    for row, finding in zip(table.to_dict("records"), findings, strict=True):
        if finding.outcome not in WITHHELD:
            assert row["Area, px"] == finding.area
            assert row["Area, mm²"] == pytest.approx(finding.area * 0.81, rel=1e-3)
