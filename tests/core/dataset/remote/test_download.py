"""Download slices from a local server that imitates figshare, sound or faulty."""

import io
import re
import struct
import threading
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import requests

from core.dataset.remote.download import FIGSHARE_ADDRESSES, FILE_IDS, FigshareDownloader, remote_enabled
from core.dataset.slices import DATA_SET_SPACING
from core.dataset.splits import class_of_slice
from core.errors import DatasetError
from tests.figshare_server import (
    PID,
    FigshareServer,
    another_part,
    challenge,
    chunked,
    cut,
    cut_without_length,
    dripping,
    dripping_headers,
    endless,
    endless_part,
    index_of,
    label_of,
    mat_of,
    part_with,
    range_ignored,
    silent,
    status,
    web_page,
    web_page_as_part,
    zip_bytes,
    zip_files,
)
from tests.published import a_slice, mat_bytes

# Not in order: where a slice lies is for the directories to say.
PARTS = ((1, 2), (767, 5), (1533,), (3064, 3))
NUMBERS = tuple(number for part in PARTS for number in part)
MB = 1_000_000


@pytest.fixture(scope="module")
def zips():
    return zip_files(PARTS)


@pytest.fixture
def server(zips):
    with FigshareServer(zips) as server:
        yield server


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def figshare(server, folder):
    return reader(server, folder)


def reader(server, folder, **options):
    return FigshareDownloader(
        folder, **{"sources": server.sources, "index": index_of(NUMBERS), "timeout": 5.0, **options}
    )


def assert_is(slice_, number):
    pixels, mask, _ = a_slice(number)
    np.testing.assert_array_equal(slice_.pixels, pixels)
    np.testing.assert_array_equal(slice_.mask, mask)
    assert (slice_.number, slice_.class_name) == (number, ("meningioma", "glioma", "pituitary")[label_of(number) - 1])


def refusal(figshare, number=1):
    """Return the message with which a slice is refused: one sentence, with the number and what to do."""
    with pytest.raises(DatasetError) as caught:
        figshare.slice(number)
    text = str(caught.value)
    reason = re.fullmatch(rf"Slice {number} could not be fetched: (figshare .*) \(README, “The data”\)\.", text)
    assert reason and not re.search(r"[.!?:] ", reason[1]), text
    return text


def paths(server):
    return [path.partition("?")[0] for _, path, _ in server.requests]


def test_the_published_files_addresses_are_tried_in_the_order_known_to_work():
    assert [int(first.rsplit("/", 1)[1]) for first, _ in FIGSHARE_ADDRESSES] == list(FILE_IDS)
    for id_, addresses in zip(FILE_IDS, FIGSHARE_ADDRESSES, strict=True):
        assert addresses == (
            f"https://api.figshare.com/v2/file/download/{id_}",
            f"https://ndownloader.figshare.com/files/{id_}",
        )


@pytest.mark.parametrize("number", NUMBERS)
def test_a_slice_is_found_in_whichever_zip_file_holds_it(figshare, number):
    assert_is(figshare.slice(number), number)


def test_a_slice_is_what_the_prepared_store_would_give(figshare):
    slice_ = figshare.slice(5)
    assert slice_.pixels.dtype == np.float32
    assert slice_.name == "slice 5"
    assert slice_.spacing_mm is None  # stated for 512 pixels only
    assert slice_.spacing_source == DATA_SET_SPACING


def test_a_slice_of_512_pixels_has_the_stated_spacing(folder):
    with FigshareServer(zip_files([[1]], side=512)) as server:
        assert reader(server, folder, index=index_of([1], side=512)).slice(1).spacing_mm == 0.49


def test_a_number_outside_the_data_set_is_refused_without_a_request(figshare, server):
    for number in (0, 4, 3065):
        with pytest.raises(DatasetError, match=rf"no slice {number} .* 1 to 3064"):
            figshare.slice(number)
        assert not figshare.cached(number)
    assert not server.requests


def test_a_slice_that_no_zip_file_holds_is_refused(server, folder):
    assert "no such slice" in refusal(reader(server, folder, index=index_of([*NUMBERS, 9])), 9)


def test_members_in_a_folder_of_the_zip_file_are_found(folder):
    zips = [zip_bytes({"readme.txt": b"", "brainTumorDataPublic_1-766/1.mat": mat_of(1)})]
    with FigshareServer(zips) as server:
        assert_is(reader(server, folder).slice(1), 1)


# Requests, and their size


def test_only_get_is_ever_sent_since_the_storage_refuses_head(figshare, server):
    assert requests.head(f"{server.url}/storage/0?signature=1").status_code == 403
    server.forget()
    for number in NUMBERS:
        figshare.slice(number)
    assert {method for method, _, _ in server.requests} == {"GET"}


def test_a_redirect_is_followed_with_the_range(figshare, server):
    figshare.slice(1)
    assert paths(server) == ["/api/0", "/storage/0", "/storage/0"]
    assert all(span for _, _, span in server.requests)


def test_a_second_slice_is_one_request_for_its_own_bytes(folder, server):
    server.zips = zip_files([(1, 2, 3, 5, 767)], side=256)
    figshare = reader(server, folder, index=index_of(NUMBERS, side=256))
    figshare.slice(1)
    server.forget()
    figshare.slice(2)
    with zipfile.ZipFile(io.BytesIO(server.zips[0])) as archive:
        own = archive.getinfo("2.mat").compress_size
    assert len(server.requests) == 1
    assert own < server.sent < own + 300
    assert len(server.zips[0]) > 4 * own


def test_where_the_cache_cannot_be_written_slices_are_fetched_all_the_same(server, tmp_path):
    (tmp_path / "file").touch()
    figshare = reader(server, tmp_path / "file" / "cache")
    for _ in range(2):
        assert_is(figshare.slice(5), 5)
    assert not figshare.cached(5)


def test_directories_are_remembered_on_disk(figshare, server, folder):
    figshare.slice(3064)
    server.forget()
    assert_is(reader(server, folder).slice(3), 3)
    assert paths(server) == ["/api/3", "/storage/3"]


def test_a_directory_longer_than_the_first_guess_costs_one_request_more(folder):
    with FigshareServer([zip_bytes({"1.mat": mat_of(1)}, fillers=1500)]) as server:
        assert_is(reader(server, folder).slice(1), 1)
        assert paths(server) == ["/api/0", "/storage/0", "/storage/0", "/storage/0"]


def test_one_connection_serves_all_of_a_slices_requests(figshare, server):
    figshare.slice(3064)
    assert len(server.requests) == 9
    assert server.connections == 1


def test_progress_tells_the_bytes_received(figshare, server):
    received = []
    figshare.slice(1, progress=received.append)
    assert received == sorted(received) and len(received) > 2
    assert received[-1] == server.sent
    received.clear()
    figshare.slice(1, progress=received.append)
    assert received == []


def test_a_slice_that_would_take_more_than_the_limit_is_not_begun(folder, server):
    server.zips = zip_files([(1,)], side=512)
    figshare = reader(server, folder, index=index_of([1], side=512), limit_bytes=200_000)
    assert "more than 0.2 MB" in refusal(figshare)
    assert server.sent < 200_000 < len(server.zips[0])


# Faulty responses


@pytest.mark.parametrize("first", [challenge, web_page, web_page_as_part, status(404), silent, cut])
def test_the_second_address_serves_where_the_first_does_not(server, folder, first):
    server.play(first, at="/api/")
    figshare = reader(server, folder, timeout=2.0)
    assert_is(figshare.slice(1), 1)
    assert paths(server)[-3:] == ["/files/0", "/storage/0", "/storage/0"]
    server.forget()
    figshare.slice(2)
    assert len(server.requests) == 1, "the address that works comes first from then on"


def test_202_is_refused(figshare, server):
    server.play(challenge)
    assert "status 202" in refusal(figshare)


@pytest.mark.parametrize("code", [200, 206])
def test_an_empty_body_is_refused(figshare, server, code):
    server.play(status(code), at="/storage/")
    assert "empty response" in refusal(figshare)


@pytest.mark.parametrize("fault", [web_page, status(206, b"<html></html>", Content_Type="text/html")])
def test_a_web_page_is_refused(figshare, server, fault):
    server.play(fault, at="/storage/")
    assert "web page" in refusal(figshare)


def test_a_web_page_under_the_zip_files_name_is_refused(figshare, server):
    server.play(web_page_as_part, at="/storage/")
    assert "damaged zip file" in refusal(figshare)


@pytest.mark.parametrize("code", [404, 410, 403, 429, 500, 503])
def test_a_file_that_is_gone_is_refused(figshare, server, code):
    server.play(status(code, b"gone"))
    assert f"status {code}" in refusal(figshare)


def test_the_other_zip_files_serve_when_one_is_gone(figshare, server):
    for at in ("/api/1", "/files/1"):
        server.play(status(410), at=at)
    assert_is(figshare.slice(3064), 3064)
    assert "status 410" in refusal(figshare, 767)


def test_a_refused_connection_is_reported(server, folder):
    figshare = reader(server, folder)
    server.stop()
    assert "reached" in refusal(figshare)


def test_an_ignored_range_is_aborted_within_a_megabyte(figshare, server):
    server.play(range_ignored)
    assert "whole file" in refusal(figshare)
    assert server.sent < MB
    assert len(server.requests) == 2, "one for each address, and none for the other files"


@pytest.mark.parametrize(
    "fault",
    [
        endless_part,
        endless(200),
        endless(404),
        endless(202, Content_Type="text/html"),
        endless(302, Location="/storage/0?signature=1"),
    ],
)
def test_an_endless_body_is_aborted_within_a_megabyte(figshare, server, fault):
    server.play(fault)
    refusal(figshare)
    assert server.sent < MB
    assert len(server.requests) == 2


def test_a_redirect_in_circles_is_given_up(figshare, server):
    server.play(status(302, Location="/api/0"))
    assert "without end" in refusal(figshare)
    assert len(server.requests) < 60


def test_a_redirect_to_something_else_than_a_web_address_is_refused(figshare, server):
    server.play(status(302, Location="file:///etc/hostname"))
    refusal(figshare)


@pytest.mark.parametrize("fault", [silent, dripping, dripping_headers])
def test_a_slow_server_is_given_up_in_time(server, folder, fault):
    server.play(fault, at="/storage/")
    figshare = reader(server, folder, timeout=0.6)
    started = time.monotonic()
    text = refusal(figshare)
    assert "in time" in text or "longer than 0.6 seconds" in text
    assert time.monotonic() - started < 5


def test_a_server_that_never_answers_is_given_up_in_time(server, folder):
    server.play(silent)
    started = time.monotonic()
    refusal(reader(server, folder, timeout=0.6))
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(("fault", "message"), [(cut, "broke off"), (cut_without_length, "less than it announced")])
def test_a_response_cut_in_the_middle_is_refused(figshare, server, fault, message):
    server.play(fault, at="/storage/")
    assert message in refusal(figshare)


def test_a_slice_cut_in_the_middle_is_refused_and_fetched_whole_the_next_time(figshare, server):
    figshare.slice(1)
    server.play(cut, at="/storage/0")
    refusal(figshare, 2)
    assert not figshare.cached(2)
    server.faults.clear()
    assert_is(figshare.slice(2), 2)


def test_a_response_in_chunks_is_read(figshare, server):
    server.play(chunked, at="/storage/")
    assert_is(figshare.slice(1), 1)


def test_a_signed_address_that_expired_is_asked_for_anew(figshare, server):
    figshare.slice(1)
    server.forget()
    server.expired = server.signatures
    assert_is(figshare.slice(2), 2)
    assert paths(server) == ["/storage/0", "/api/0", "/storage/0"]


def test_a_signed_address_that_is_born_expired_is_asked_for_once_more_and_no_oftener(figshare, server):
    server.expired = 10_000
    assert "status 403" in refusal(figshare)
    # 4 files, 2 addresses each, 2 redirects and 2 refusals an address.
    assert len(server.requests) == 4 * 2 * 4


# Lies about sizes


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"Content_Length": "10"}, "a length that does not fit"),
        ({"Content_Length": "99999999999"}, "a length that does not fit"),
        ({"Content_Length": "many"}, "a length that does not fit"),
        ({"Content_Range": "bytes 0-9/10"}, "a length that does not fit"),
        ({"Content_Range": "bytes 5-99999999/100000000"}, "another part"),
        ({"Content_Range": "bytes 9-5/10"}, "another part"),
        ({"Content_Range": f"bytes 0-{'9' * 5000}/{'9' * 5000}"}, "which part"),
        ({"Content_Range": "bytes */100"}, "which part"),
        ({"Content_Range": "a lot"}, "which part"),
    ],
)
def test_a_server_that_lies_about_lengths_is_refused(figshare, server, headers, message):
    server.play(part_with(**headers), at="/storage/")
    assert message in refusal(figshare)
    assert server.sent < MB


def test_a_server_that_sends_another_part_is_refused(figshare, server):
    figshare.slice(1)
    server.play(another_part, at="/storage/")
    assert "another part" in refusal(figshare, 2)


def test_a_server_that_sends_more_than_it_announced_is_refused(figshare, server):
    def longer(handler):
        first, end = handler.span()
        handler.head(206, Content_Range=f"bytes {first}-{end - 1}/{len(handler.file)}", Connection="close")
        handler.send(handler.file[first:end] + b"more")
        handler.close_connection = True

    server.play(longer, at="/storage/")
    assert "announced" in refusal(figshare)


@pytest.mark.parametrize(
    ("record", "offset", "value"),
    [
        ("end", 12, 0xFFFFFFF0),  # the directory's size
        ("end", 12, 2_900_000),
        ("end", 16, 0xFFFFFFF0),  # the directory's place
        ("end", 16, 5),
        ("member", 20, 0xFFFFFFF0),  # its compressed size
        ("member", 20, 2_000_000),
        ("member", 20, 100),
        ("member", 24, 0xFFFFFFF0),  # its size
        ("member", 24, 10),
        ("member", 42, 0x0FFFFFF0),  # its place
        ("member", 42, 99),
        ("member", 28, 60_000),  # the length of its name
        ("member", 8, 14 << 16),  # its compression: LZMA, which inflates without a limit
        ("member", 16, 12345),  # its checksum
    ],
)
def test_a_zip_file_that_lies_about_sizes_is_refused(server, folder, record, offset, value):
    random = np.random.default_rng(1).bytes
    data = zip_bytes({"0.bin": random(3 * MB), "1.mat": mat_of(1), "2.bin": random(3 * MB)}, compression=0)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        first = archive.start_dir
    at = offset + (data.index(b"PK\1\2", first + 1) if record == "member" else data.rindex(b"PK\5\6"))
    server.zips = [data[:at] + struct.pack("<L", value) + data[at + 4 :]]
    figshare = reader(server, folder)
    refusal(figshare)
    assert server.sent < MB
    # Once the file is mended, nothing of the lie is left.
    server.zips = [data]
    assert_is(figshare.slice(1), 1)


@pytest.mark.parametrize("compression", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_compression_that_zipfile_inflates_without_a_limit_is_refused(server, folder, compression):
    server.zips = zip_files(PARTS, compression=compression)
    assert "damaged zip file" in refusal(reader(server, folder))


def test_a_member_that_inflates_to_very_much_takes_no_memory(server, folder):
    bomb = bytearray(zip_bytes({"1.mat": bytes(60_000_000)}))
    at = bomb.rindex(b"PK\1\2") + 24
    bomb[at : at + 4] = struct.pack("<L", 70_000)
    server.zips = [bytes(bomb)]
    tracemalloc.start()
    try:
        refusal(reader(server, folder))
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


# Contents of the zip files


def test_another_slice_under_the_number_is_refused(server, folder):
    server.zips = [zip_bytes({"1.mat": mat_of(2)})]
    assert "another slice" in refusal(reader(server, folder))


def test_the_slice_under_another_class_is_refused(server, folder):
    pixels, mask, border = a_slice(1)
    server.zips = [zip_bytes({"1.mat": mat_bytes(pixels, mask, label=label_of(1) % 3 + 1, border=border)})]
    assert "another slice" in refusal(reader(server, folder))


def test_other_intensities_are_the_same_slice(server, folder):
    pixels, mask, border = a_slice(1)
    raw = (pixels.astype(np.int16) * 37 + 411).astype(np.int16)
    server.zips = [zip_bytes({"1.mat": mat_bytes(raw, mask, label=label_of(1), border=border)})]
    np.testing.assert_array_equal(reader(server, folder).slice(1).pixels, raw)


@pytest.mark.parametrize(
    "data",
    [b"", b"text", mat_of(1)[:3000], mat_bytes(a_slice(1)[0], None, label=2), mat_bytes(*a_slice(1)[:2], label=None)],
)
def test_a_file_that_is_no_whole_slice_is_refused(server, folder, data):
    server.zips = [zip_bytes({"1.mat": data})]
    refusal(reader(server, folder))


# The cache


def test_a_cached_slice_sends_no_request(figshare, server, folder):
    assert not figshare.cached(1)
    fetched = figshare.slice(1)
    assert figshare.cached(1) and not figshare.cached(2)
    server.stop()
    again = reader(server, folder).slice(1)
    assert_is(again, 1)
    assert (again.name, again.spacing_mm, again.pixels.dtype) == (fetched.name, fetched.spacing_mm, np.float32)


def test_no_cached_file_holds_the_patient_id(server, folder):
    # Stored, not deflated: the end of such a zip file holds its last slice's bytes as they are.
    server.zips = zip_files(PARTS, compression=zipfile.ZIP_STORED)
    forms = [PID.encode(), PID.encode("utf-16-le"), PID.encode("utf-16-be")]
    assert forms[1] in server.zips[0]
    figshare = reader(server, folder)
    for number in NUMBERS:
        figshare.slice(number)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == len(NUMBERS) + len(PARTS)
    for path in files:
        with np.load(path) as file:
            contents = [path.read_bytes(), *(file[name].tobytes() for name in file.files)]
        assert not any(form in content for form in forms for content in contents), path.name


def slices_in(folder: Path):
    return {int(path.stem.split("-")[1]) for path in folder.glob("slice-*.npz")}


def test_the_cache_keeps_to_its_limit_and_drops_what_was_used_longest_ago(server, folder):
    server.zips = [zip_bytes({f"{number}.mat": mat_of(number) for number in (1, 2, 3, 5)})]
    reader(server, folder).slice(1)
    size = sum(path.stat().st_size for path in folder.iterdir())
    limit = int(size + 2.5 * (folder / "slice-1.npz").stat().st_size)
    figshare = reader(server, folder, cache_bytes=limit)
    for number in (2, 3, 1, 5):  # 1 is used again before 5 comes
        time.sleep(0.02)
        figshare.slice(number)
        assert sum(path.stat().st_size for path in folder.iterdir()) <= limit
    assert 1 in slices_in(folder) and 5 in slices_in(folder)
    assert slices_in(folder) != {1, 2, 3, 5}
    assert 2 not in slices_in(folder)


def broken(data):
    middle = len(data) // 2
    return {
        "empty": b"",
        "text": b"nothing to see",
        "cut": data[:middle],
        "flipped": data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :],
    }


@pytest.mark.parametrize("how", ["empty", "text", "cut", "flipped"])
@pytest.mark.parametrize("name", ["slice-1.npz", "directory-0.npz"])
def test_a_damaged_cached_file_is_fetched_again(server, folder, how, name):
    reader(server, folder).slice(1)
    path = folder / name
    path.write_bytes(broken(path.read_bytes())[how])
    figshare = reader(server, folder)
    assert (figshare.cached(1) is not None) == (name != "slice-1.npz")
    assert_is(figshare.slice(1), 1)
    assert_is(figshare.slice(2), 2)
    assert figshare.cached(1)


def test_a_cached_file_under_another_number_is_not_shown(figshare, folder):
    figshare.slice(2)
    (folder / "slice-2.npz").rename(folder / "slice-1.npz")
    assert not figshare.cached(1)
    assert_is(figshare.slice(1), 1)


def test_a_directory_of_a_file_that_was_replaced_is_read_again(figshare, server):
    figshare.slice(1)
    server.zips[0] = zip_bytes({"0.txt": b"new", "1.mat": mat_of(1), "2.mat": mat_of(2)})
    assert "changed" in refusal(figshare, 2)
    assert_is(figshare.slice(2), 2)


def test_two_sessions_may_fetch_the_same_slices_at_once(server, folder):
    failures = []

    def session():
        figshare = reader(server, folder, timeout=20.0)
        for number in NUMBERS:
            try:
                assert_is(figshare.slice(number), number)
                assert figshare.cached(number)
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=session) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert slices_in(folder) == set(NUMBERS)
    assert len(list(folder.iterdir())) == len(NUMBERS) + len(PARTS), "no litter"


def test_a_cache_that_cannot_be_written_keeps_nobody_from_a_slice(server, tmp_path):
    (tmp_path / "cache").write_text("a file where a folder should be")
    assert_is(reader(server, tmp_path / "cache").slice(1), 1)


# Enabled or not


@pytest.mark.parametrize(("value", "enabled"), [(None, True), ("", True), ("1", True), ("0", False)])
def test_slices_on_demand_are_on_unless_the_deployment_turns_them_off(monkeypatch, value, enabled):
    monkeypatch.delenv("SLICESCOPE_FIGSHARE", raising=False)
    if value is not None:
        monkeypatch.setenv("SLICESCOPE_FIGSHARE", value)
    assert remote_enabled() is enabled


@pytest.mark.dataset
def test_a_first_slice_out_of_zip_files_as_long_as_the_published_ones_stays_below_a_megabyte(mats_folder, tmp_path):
    # The largest of the files at hand, in the last place looked at; directories of 766 members.
    number = 1802
    data = (mats_folder / f"{number}.mat").read_bytes()
    zips = [zip_bytes({"x.mat": b""}, fillers=765)] * 3 + [zip_bytes({f"{number}.mat": data}, fillers=765)]
    with FigshareServer(zips) as server:
        slice_ = FigshareDownloader(tmp_path, sources=server.sources).slice(number)
        assert slice_.number == number and slice_.class_name == class_of_slice(number)
        assert server.sent < 700_000


def test_the_pixels_of_another_slice_are_not_kept_for_a_slice(figshare, server, folder):
    figshare.slice(1)
    assert figshare.cached(1)
    other, _, _ = a_slice(2)
    (path,) = folder.glob("slice-1.npz")
    with np.load(path) as arrays:
        mask = arrays["mask"]
    np.savez(path, pixels=other, mask=mask)
    assert not figshare.cached(1)
