"""The data set's source, its licence, and the papers to cite."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Paper:
    """A paper of the data set's authors."""

    authors: str
    title: str
    journal: str
    doi: str


NAME = "brain tumor dataset"
AUTHOR = "Jun Cheng"
FIGSHARE = 1512427
VERSION = 5
DOI = "10.6084/m9.figshare.1512427.v5"
LICENCE = "CC BY 4.0"
LICENCE_ADDRESS = "https://creativecommons.org/licenses/by/4.0/"
PAPERS = (
    Paper(
        "Cheng et al.",
        "Enhanced Performance of Brain Tumor Classification via Tumor Region Augmentation and Partition",
        "PLoS ONE 10(10), 2015",
        "10.1371/journal.pone.0140381",
    ),
    Paper(
        "Cheng et al.",
        "Retrieval of Brain Tumors by Adaptive Spatial Pooling and Fisher Vector Representation",
        "PLoS ONE 11(6), 2016",
        "10.1371/journal.pone.0157112",
    ),
)
"""The papers whose citation the data set's author asks for."""
