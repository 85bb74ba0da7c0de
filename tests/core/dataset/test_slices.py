"""Recognise a slice of the data set in any file; give it its number, class and pixel spacing."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from core.config import CLASSES
from core.dataset.perceptual_hash import LARGEST_DISTANCE, bits_apart, hash_text
from core.dataset.slices import read_and_recognise_slice, slice_from_store
from core.dataset.splits import index_table, mask_digest, pixel_digest, recognise_number
from core.dataset.store import SPACING_MM
from core.readers.mat import read_mat
from core.readers.preprocessing import preprocess_slice
from core.readers.samples import read_samples
from tests.pictures import BORDER, DEEP, MASK, PICTURE, PIXELS, encode
from tests.published import a_slice, mat_bytes


def test_a_mat_file_brings_its_mask_and_class():
    slice_ = read_and_recognise_slice(mat_bytes(PIXELS, MASK, label=3, border=BORDER, pid="ZZ000001B"), "752.MAT")
    np.testing.assert_array_equal(slice_.pixels, PIXELS)
    np.testing.assert_array_equal(slice_.mask, MASK)
    assert (slice_.name, slice_.class_name, slice_.number) == ("752.MAT", "pituitary", None)
    assert "ZZ000001B" not in repr(slice_)


def test_a_mat_file_with_only_an_image_is_read():
    slice_ = read_and_recognise_slice(mat_bytes(PIXELS, label=None), "1.mat")
    assert (slice_.mask, slice_.class_name, slice_.number) == (None, None, None)


@pytest.fixture
def replace_known_slices(configure, tmp_path):
    """A function that puts made-up slices, each (pixels, mask or None), in place of slices 1, 2, … of the data set."""

    def put(*slices):
        table = index_table().copy()
        for row, (pixels, mask) in enumerate(slices):
            table.loc[row, "pixel_digest"] = pixel_digest(pixels)
            table.loc[row, "perceptual_hash"] = hash_text(pixels)
            if mask is not None:
                table.loc[row, "mask_digest"] = mask_digest(mask)
        path = tmp_path / "splits.csv"
        table.to_csv(path, index=False)
        configure(splits=path)
        return table

    return put


@pytest.mark.parametrize(("side", "spacing"), [(512, SPACING_MM), (256, None)])
def test_the_pixel_size_is_known_for_512_pixel_slices_only(replace_known_slices, side, spacing):
    pixels, mask, _ = a_slice(1, side=side)
    replace_known_slices((pixels, mask))
    for data, name in (
        (mat_bytes(pixels, mask, compression=None), "1.mat"),
        (encode(Image.fromarray(pixels.astype(np.uint8)), "BMP"), "1.bmp"),
    ):
        slice_ = read_and_recognise_slice(data, name)
        assert (slice_.number, slice_.spacing_mm) == (1, spacing)


def test_a_file_that_is_none_of_the_data_set_has_no_pixel_size():
    # It may come from any scanner, whatever its layout.
    pixels, mask, _ = a_slice(1, side=512)
    for data, name in (
        (mat_bytes(pixels, mask, compression=None), "1.mat"),
        (encode(Image.fromarray(pixels.astype(np.uint8)), "BMP"), "1.bmp"),
    ):
        slice_ = read_and_recognise_slice(data, name)
        assert (slice_.number, slice_.spacing_mm, slice_.spacing_source) == (None, None, None)


def test_a_mat_file_with_only_the_image_of_a_known_slice_gets_its_class_as_a_picture_does(replace_known_slices):
    table = replace_known_slices((PIXELS, None))
    bare = read_and_recognise_slice(mat_bytes(PIXELS, label=None), "x.mat")
    picture = read_and_recognise_slice(encode(PICTURE, "PNG"), "x.png")
    assert (bare.number, bare.class_name) == (picture.number, picture.class_name) == (1, table["class"][0])
    assert bare.notes == picture.notes
    assert len(bare.notes) == 1 and "slice 1 " in bare.notes[0]
    # The file's own class needs no note.
    label = CLASSES.index(table["class"][0]) + 1
    assert read_and_recognise_slice(mat_bytes(PIXELS, label=label), "x.mat").notes == ()


def test_a_label_that_contradicts_the_recognised_slice_says_so(replace_known_slices):
    known = replace_known_slices((PIXELS, None))["class"][0]
    for label, class_name in enumerate(CLASSES, 1):
        slice_ = read_and_recognise_slice(mat_bytes(PIXELS, label=label), "x.mat")
        assert (slice_.number, slice_.class_name) == (1, known)
        assert len(slice_.notes) == (class_name != known)
        assert all(class_name in note and known in note for note in slice_.notes)


def test_a_published_file_is_recognised_by_its_mask_where_its_grey_levels_differ(replace_known_slices):
    replace_known_slices((PIXELS, MASK))
    changed = PIXELS.copy()
    changed[0, :5] += 40
    slice_ = read_and_recognise_slice(mat_bytes(changed, MASK), "1.mat")
    assert slice_.number == 1
    assert slice_.notes == ()


def changes(pixels):
    """The picture of a slice after what happens to pictures on their way, and what its note must tell."""
    picture = Image.fromarray(np.round((pixels - pixels.min()) / np.ptp(pixels) * 255).astype(np.uint8))
    half = tuple(side // 2 for side in picture.size)
    return [
        (encode(picture, "JPEG", quality=50), "changed"),
        (encode(picture.resize(half, Image.Resampling.LANCZOS), "PNG"), "changed"),
        (encode(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "PNG"), "mirrored"),
        (encode(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "JPEG", quality=50), "mirrored"),
    ]


def a_head():
    """A picture with shapes at many scales, as a head has."""
    noise = np.random.default_rng(3).normal(size=(512, 512))
    return sum(ndimage.gaussian_filter(noise, sigma) * sigma for sigma in (4, 12, 40))


def test_a_slice_that_was_compressed_scaled_or_mirrored_is_recognised(replace_known_slices):
    pixels = a_head()
    table = replace_known_slices((pixels, None))
    for data, told in changes(pixels):
        slice_ = read_and_recognise_slice(data, "slice.png")
        assert (slice_.number, slice_.class_name, slice_.spacing_mm) == (1, table["class"][0], None)
        assert len(slice_.notes) == 1 and told in slice_.notes[0] and "slice 1 " in slice_.notes[0]


def test_another_slice_is_not_recognised(replace_known_slices):
    pixels = a_head()
    replace_known_slices((pixels, None))
    for other in (pixels.T, pixels[::-1], pixels[64:-64, 64:-64]):
        assert read_and_recognise_slice(changes(other)[0][0], "slice.jpg").number is None


def test_no_sample_is_taken_for_a_slice_of_the_data_set():
    for sample in read_samples():
        assert read_and_recognise_slice(sample.path.read_bytes(), sample.path.name).number is None


def test_no_two_slices_of_the_data_set_have_near_hashes():
    hashes = np.stack([np.frombuffer(bytes.fromhex(text), np.uint8) for text in index_table()["perceptual_hash"]])
    nearest = min(np.delete(bits_apart(hashed, hashes), row).min() for row, hashed in enumerate(hashes))
    assert nearest > LARGEST_DISTANCE + 4


@pytest.mark.parametrize("size", [32, 48, 96])
def test_one_slice_looks_the_same_to_a_network_whatever_file_it_comes_in(size):
    slices = [
        read_and_recognise_slice(mat_bytes(PIXELS), "1.mat"),
        read_and_recognise_slice(encode(PICTURE, "PNG"), "1.png"),
        read_and_recognise_slice(encode(Image.fromarray(DEEP), "PNG"), "deep.png"),
        # With a gain and an offset, as a scanner's intensities have.
        read_and_recognise_slice(mat_bytes(PIXELS * np.int16(61) + np.int16(399)), "raw.mat"),
        read_and_recognise_slice(mat_bytes(PIXELS * np.int16(3) - np.int16(5000)), "raw.mat"),
    ]
    planes = [preprocess_slice(slice_.pixels, size=size)[0] for slice_ in slices]
    assert np.ptp(planes[0]) > 0.5
    for plane in planes[1:]:
        np.testing.assert_allclose(plane, planes[0], rtol=0, atol=1e-6)


def test_a_slice_of_the_store_is_the_slice_of_the_file(tiny_set, tiny_store):
    for number in (3, 5):
        stored = slice_from_store(tiny_store, number)
        slice_ = read_and_recognise_slice(tiny_set.mat(number), f"{number}.mat")
        np.testing.assert_array_equal(stored.pixels, slice_.pixels)
        np.testing.assert_array_equal(stored.mask, slice_.mask)
        assert (stored.class_name, stored.number) == (slice_.class_name, number)
        assert stored.pixels.dtype == np.float32


# The real data set


@pytest.mark.dataset
@pytest.mark.parametrize("number", [1, 752, 955, 1500, 3064])
def test_a_published_slice_with_gain_and_offset_looks_the_same_to_a_network(raw_folder, data_store, number):
    raw = read_and_recognise_slice((raw_folder / f"{number}.mat").read_bytes(), f"{number}.mat")
    stored = slice_from_store(data_store, number)
    assert np.abs(raw.pixels - stored.pixels).max() > 1
    assert (raw.number, raw.spacing_mm) == (number, stored.spacing_mm)
    assert recognise_number(raw.pixels) == number, "also without its mask"
    upright = encode(Image.fromarray(stored.pixels.astype(np.uint8)), "PNG")
    for size in (128, 512):
        plane = preprocess_slice(stored.pixels, size=size)[0]
        for slice_ in (raw, read_and_recognise_slice(upright, f"{number}.png")):
            np.testing.assert_allclose(preprocess_slice(slice_.pixels, size=size)[0], plane, rtol=0, atol=1e-6)


@pytest.mark.dataset
@pytest.mark.parametrize("number", [1, 752, 955, 3064])
def test_a_published_file_is_recognised_by_its_mask(mats_folder, number):
    data = (mats_folder / f"{number}.mat").read_bytes()
    slice_ = read_and_recognise_slice(data, "upload.mat")
    row = index_table().set_index("slice").loc[number]
    assert (slice_.number, slice_.class_name) == (number, row["class"])
    assert slice_.spacing_mm == (SPACING_MM if row["size"] == 512 else None)
    assert read_mat(data).pid not in repr(slice_)


@pytest.mark.dataset
def test_real_slices_that_were_changed_are_recognised(data_store):
    for number in np.random.default_rng(0).choice(len(data_store), 40, replace=False) + 1:
        for data, _ in changes(data_store.pixels(int(number))):
            assert read_and_recognise_slice(data, "slice.png").number == number
