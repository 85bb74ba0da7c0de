"""THIRD_PARTY.md names what the app needs; none of it is under the GPL alone."""

import pytest

from scripts import third_party
from scripts.constraints import CONSTRAINTS, pinned_versions


def test_no_package_that_the_app_needs_is_under_the_gpl_alone() -> None:
    assert not [name for name, licence in third_party.licences().items() if third_party.is_gpl_only(licence)]


def test_the_document_names_every_package() -> None:
    text = third_party.DOCUMENT.read_text(encoding="utf-8")
    assert [name for name in pinned_versions(CONSTRAINTS.read_text()) if f"| {name} |" not in text] == []


@pytest.mark.parametrize(
    ("licence", "is_gpl_only"),
    [
        ("GPL-3.0-only", True),
        ("AGPL-3.0", True),
        ("GNU General Public License v2 (GPLv2)", True),
        ("GPL-2.0 OR MIT", False),
        ("LGPL-3.0", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("MIT", False),
        ("not stated", False),
    ],
)
def test_the_gpl_is_told_from_other_licences(licence: str, is_gpl_only: bool) -> None:
    assert third_party.is_gpl_only(licence) == is_gpl_only
