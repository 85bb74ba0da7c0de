"""Several visitors at one server at once, each in a session of its own."""

import threading
from concurrent.futures import ThreadPoolExecutor

from scripts.measure.servers import running_server
from scripts.measure.slices import NewSlice, expected_texts, new_slices
from scripts.measure.visitor import Visitor

VISITORS = 4


def test_visitors_who_upload_at_once_see_their_own_slice_and_figures_and_no_other_s() -> None:
    slices = new_slices(VISITORS, confident=True)
    start = threading.Barrier(VISITORS)

    def upload(visitor: Visitor, slice_: NewSlice) -> None:
        start.wait()
        visitor.upload(slice_.name, slice_.data)

    with running_server() as server, ThreadPoolExecutor(VISITORS) as pool:
        visitors = [Visitor(server.address) for _ in slices]
        for visitor in visitors:
            visitor.open()
        list(pool.map(upload, visitors, slices))
        for visitor, own in zip(visitors, slices, strict=True):
            assert expected_texts(own) <= set(visitor.texts)
            shown = " ".join(visitor.captions).replace("\\", "")
            assert [slice_.name for slice_ in slices if slice_.name in shown] == [own.name]
            visitor.close()
