"""Cards and README cite the same data set."""

from core.bundles.bundle import bundle_names, open_bundle
from core.config import README
from core.dataset import citation


def test_every_card_names_the_data_set_the_citation_names() -> None:
    for name in bundle_names():
        stated = open_bundle(name).card.data.dataset
        assert stated.doi == citation.DOI
        assert stated.licence == citation.LICENCE
        assert citation.AUTHOR in stated.name and f"version {citation.VERSION}" in stated.name


def test_the_readme_cites_the_same_data_set_and_papers() -> None:
    text = " ".join(README.read_text(encoding="utf-8").split())
    head = f"{citation.AUTHOR}, *{citation.NAME}*, figshare {citation.FIGSHARE}, version {citation.VERSION}"
    assert f"{head}, {citation.LICENCE}" in text
    assert citation.DOI in text
    for paper in citation.PAPERS:
        assert f"{paper.authors}, {paper.journal}" in text
