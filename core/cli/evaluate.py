"""Commands on trained bundles and their figures: evaluate, compare, readme."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli.options import store_option
from core.cli.speech import say, told
from core.errors import MachineError
from core.hardware import is_busy
from core.translation.messages import Message

if TYPE_CHECKING:
    from core.bundles.bundle import Bundle
    from core.bundles.card.schema import Card


@click.command("evaluate")
@click.argument("bundle")
@store_option
@click.option(
    "--explain",
    is_flag=True,
    help="After the first evaluation: explain every test slice and write how well its heat maps localise the tumour; "
    "an interrupted run goes on.",
)
@click.option("--evidence", is_flag=True, help="Of that, only measure the heat map beside an answer; it is quick.")
@click.option("--robustness", is_flag=True, help="Only measure what usual changes of a slice do to the predictions.")
@click.option("--times", is_flag=True, help="Only measure how long inference takes, on an idle machine.")
@click.option("--stored", is_flag=True, help="Run no network; compute the figures again from the stored predictions.")
@click.option("--busy", is_flag=True, help="Measure inference times also while the machine does other work.")
def evaluate_command(
    bundle: str, store: Path, explain: bool, evidence: bool, robustness: bool, times: bool, stored: bool, busy: bool
) -> None:
    """Run a bundle on every slice and write its figures."""
    from core.bundles.bundle import open_bundle
    from core.evaluation.evaluate import recompute_figures

    if explain + evidence + robustness + times + stored > 1:
        wrong = Message("--explain, --evidence, --robustness, --times and --stored exclude each other.")
        raise click.UsageError(told(wrong))
    opened = open_bundle(bundle)
    if explain or evidence:
        _evaluate_heat_maps(opened, store, only_evidence=evidence)
    elif robustness:
        _measure_robustness(opened, store)
    elif times:
        _measure_times(opened, store, busy=busy)
    else:
        card = recompute_figures(opened) if stored else evaluate_bundle(opened, store, busy=busy)
        test = card.metrics.test
        for name, value in test.as_dict().items() if test else ():
            if isinstance(value, float):
                print(f"{name:24}{value:.4f}")


def evaluate_bundle(bundle: "Bundle", store: Path, *, busy: bool = False) -> "Card":
    """Evaluate a bundle with a progress bar; return its new card.

    On a busy machine the card's inference times stay as they are, unless ``busy`` is set.
    """
    from core.cli.progress import slices_bar
    from core.dataset.store import Store
    from core.evaluation.evaluate import evaluate

    keep_times = bundle.card.times is not None and is_busy() and not busy
    with Store(store) as opened:
        card = evaluate(bundle, opened, keep_times=keep_times, progress=slices_bar(bundle.name))
    if keep_times:
        say(Message("The machine was busy: the card's inference times stay; on an idle one, --times measures them."))
    return card


def _measure_times(bundle: "Bundle", store: Path, *, busy: bool) -> None:
    from core.dataset.store import Store
    from core.evaluation.evaluate import measure_times

    if is_busy() and not busy:
        raise MachineError(
            "The machine is busy, which would lengthen the inference times: measure them on an idle one, or add --busy."
        )
    with Store(store) as opened:
        times = measure_times(bundle, opened).times
    if times:
        say(
            Message(
                "one slice {milliseconds:.1f} ms, the test slices {seconds:.1f} s",
                milliseconds=times.one_slice_seconds * 1000,
                seconds=times.test_set_seconds,
            )
        )


def _evaluate_heat_maps(bundle: "Bundle", store: Path, *, only_evidence: bool) -> None:
    from core.bundles.bundle import open_bundle
    from core.cli.progress import slices_bar
    from core.dataset.store import Store
    from core.evaluation.explanations.evidence_maps import measure_evidence_maps
    from core.evaluation.explanations.heat_maps import evaluate_heat_maps

    unfinished = store.with_name(f"{bundle.name}-explanations.jsonl")
    with Store(store) as opened:
        if not only_evidence:
            card = evaluate_heat_maps(bundle, opened, unfinished, progress=slices_bar(bundle.name))
            bundle = open_bundle(bundle.name, bundle.folder.parent)
        if only_evidence or bundle.heat_follows_mask:
            card = measure_evidence_maps(bundle, opened, progress=slices_bar(bundle.name))
    explanation = card.metrics.explanation
    for method, outcomes in explanation.methods.items() if explanation else ():
        for outcome, means in ((Message("right"), outcomes.right), (Message("wrong"), outcomes.wrong)):
            if means.slices:
                figures = Message(
                    "{slices:5} slices   inside {inside:.4f} of area {area:.4f}   hit {hit:.4f}",
                    slices=means.slices,
                    inside=means.inside,
                    area=means.area,
                    hit=means.hit,
                )
                say(f"{method:20}{told(outcome):8}{told(figures)}")


def _measure_robustness(bundle: "Bundle", store: Path) -> None:
    from core.cli.progress import slices_bar
    from core.dataset.store import Store
    from core.evaluation.robustness import measure_robustness

    with Store(store) as opened:
        measured = measure_robustness(bundle, opened, progress=slices_bar(bundle.name)).metrics.robustness
    for name, figures in measured.by_change.items() if measured else ():
        stated = ", ".join(f"{key} {value:.4f}" for key, value in figures.as_dict().items())
        print(f"{name:16}{stated}")


@click.command("compare")
@click.argument("bundle")
@click.argument("other")
def compare_command(bundle: str, other: str) -> None:
    """Compare two bundles on their common test slices.

    The figures are written into the card of BUNDLE.
    """
    from core.bundles.bundle import open_bundle
    from core.evaluation.comparison.bundles import compare_bundles

    card = compare_bundles(open_bundle(bundle), open_bundle(other))
    comparison = card.metrics.comparison
    for name, figure in comparison.figures.items() if comparison else ():
        compared = Message(
            "{value:.4f} against {other:.4f}, difference {difference:+.4f} ({low:+.4f} to {high:+.4f})",
            value=figure.value,
            other=figure.other,
            difference=figure.difference,
            low=figure.low,
            high=figure.high,
        )
        say(f"{name:24}{told(compared)}")


@click.command("readme")
@click.option("--check", is_flag=True, help="Only check that the tables are up to date.")
def readme_command(check: bool) -> None:
    """Write the tables of the READMEs and docs/results.md."""
    from core.evaluation.comparison.documents import DOCUMENTS, check_tables, write_tables

    for path, tables in DOCUMENTS.items():
        if check:
            check_tables(path, tables)
        else:
            write_tables(path, tables)
