"""``python -m core``: prepare | splits | frame | train | cross-validate | search | evaluate | screen |
external | card | compare | predict | readme."""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.bundles.bundle import DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER
from core.dataset.store import SLICE_COUNT, default_store
from core.errors import SliceScopeError, TrainingError
from core.search.plan import PLANNED, SAMPLERS
from core.text import join_words
from core.training.trainer import run_training

if TYPE_CHECKING:
    from core.bundles.bundle import Bundle
    from core.training.recipe import Recipe

FOLD_NUMBERS = range(1, 6)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status, 1 with one sentence for a known error."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except KeyboardInterrupt:
        print(f"\ncore {options.command}: stopped.", file=sys.stderr)
        return 130
    except SliceScopeError as error:
        print(f"core {options.command}: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(
            f"core {options.command}: the package {error.name} is missing; 'make setup' installs it.", file=sys.stderr
        )
        return 1
    except OSError as error:
        print(f"core {options.command}: {_said_by(error)}", file=sys.stderr)
        return 1


def _said_by(error: OSError) -> str:
    """A sentence on an error of the system, or of a library such as h5py, which names neither file nor reason apart."""
    if error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}."
    said = " ".join((error.strerror or str(error)).split()) or type(error).__name__
    return f"{said.rstrip('.')}."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core", description="SliceScope without a browser.")
    commands = parser.add_subparsers(dest="command", required=True)

    prepare = commands.add_parser("prepare", help="write the store from the published .mat or zip files")
    prepare.add_argument("source", type=Path, help="folder of the .mat files or of the four zip files")
    prepare.add_argument("--store", type=Path, default=default_store(), help="file to write (default: %(default)s)")
    prepare.add_argument("--allow-missing", action="store_true", help="accept a data set that is not whole")
    prepare.set_defaults(run=_prepare)

    splits = commands.add_parser("splits", help="write the splits of all recipes from the store")
    splits.add_argument("--store", type=Path, default=default_store())
    splits.set_defaults(run=_splits)

    frame = commands.add_parser("frame", help="measure, from the store, how far the frame alone gives the class away")
    frame.add_argument("--store", type=Path, default=default_store())
    frame.set_defaults(run=_frame)

    train = commands.add_parser("train", help="train a recipe, or go on with its run, and write its bundle")
    train.add_argument("name", help="a recipe's name: recipes/NAME.toml")
    train.add_argument(
        "--fold",
        type=int,
        choices=FOLD_NUMBERS,
        metavar="K",
        help="hold the official fold K out (1 to 5); the bundle is written beside the runs",
    )
    train.set_defaults(run=_train)

    across = commands.add_parser(
        "cross-validate",
        help="train and evaluate a recipe once a fold, the folds that are done left out, and write what they say "
        "together into its bundle, beside the folds it already keeps",
    )
    across.add_argument("name", help="a recipe's name")
    across.add_argument(
        "--folds",
        type=int,
        choices=FOLD_NUMBERS,
        metavar="K",
        nargs="+",
        default=list(FOLD_NUMBERS),
        help="only these folds",
    )
    across.add_argument(
        "--collect",
        action="store_true",
        help="train nothing: put together the folds that are trained and those that the bundle keeps",
    )
    across.set_defaults(run=_cross_validate)

    search = commands.add_parser(
        "search",
        help="search a recipe's hyperparameters by cheap trainings, or go on with it, and write what was found beside "
        "its plan",
    )
    search.add_argument("name", help="a plan's name: searches/NAME/plan.toml")
    search.add_argument(
        "--sampler",
        choices=SAMPLERS,
        nargs="+",
        default=list(PLANNED),
        help=f"one after the other (default: {' '.join(PLANNED)})",
    )
    search.add_argument("--trials", type=int, metavar="N", help="trials each sampler is to have (default: the plan's)")
    search.add_argument("--workers", type=int, default=1, metavar="N", help="processes (default: %(default)s)")
    search.add_argument("--threads", type=int, metavar="N", help="processor threads each (default: cores / workers)")
    search.add_argument(
        "--storage",
        metavar="URL",
        help="a database address, shared by whoever names it (default: an SQLite file beside the runs)",
    )
    after = search.add_mutually_exclusive_group()
    after.add_argument(
        "--full", type=int, metavar="K", help="instead: train K trials, from the best to the worst, at full size"
    )
    after.add_argument(
        "--winner", action="store_true", help="instead: write the recipe NAME-searched of the best one at full size"
    )
    search.set_defaults(run=_search)
    for trains in (train, across, search):
        trains.add_argument("--store", type=Path, default=default_store())
        trains.add_argument("--runs", type=Path, default=default_store().parent / "runs", help="where runs live")

    evaluate = commands.add_parser("evaluate", help="run a bundle on every slice and write its figures")
    evaluate.add_argument("bundle")
    evaluate.add_argument("--store", type=Path, default=default_store())
    instead = evaluate.add_mutually_exclusive_group()
    instead.add_argument(
        "--explain",
        action="store_true",
        help="a second step after the first: explain every test slice's answer and write how its heat maps land on "
        "the tumours; goes on with a run that was interrupted",
    )
    instead.add_argument(
        "--times", action="store_true", help="only measure how long it takes, on a machine that does nothing else"
    )
    evaluate.set_defaults(run=_evaluate)

    screen = commands.add_parser(
        "screen", help="fit, beside a network, what tells slices without a tumour and pictures of other kinds"
    )
    screen.add_argument("bundle")
    screen.add_argument("folder", type=Path, help="folder with an index.csv: file, class, split (train and dev)")
    screen.add_argument("--store", type=Path, default=default_store())
    screen.add_argument(
        "--check", action="store_true", help="fit nothing: only measure again what the screen that is there goes by"
    )
    screen.set_defaults(run=_screen)

    external = commands.add_parser("external", help="run a bundle on pictures from elsewhere and write its figures")
    external.add_argument("bundle")
    external.add_argument("folder", type=Path, nargs="?", help="folder with an index.csv: file, class, split")
    external.add_argument("--split", default="dev", help="which split of the index (default: %(default)s)")
    external.add_argument("--store", type=Path, default=default_store())
    external.add_argument(
        "--stored", action="store_true", help="ask nothing: only work the figures out anew from the stored answers"
    )
    external.set_defaults(run=_external)

    card = commands.add_parser(
        "card",
        help="write anew what a bundle's card takes from its recipe's texts (title, about, limits, notes); its run "
        "need not be there",
    )
    card.add_argument("bundle")
    card.set_defaults(run=_card)

    compare = commands.add_parser("compare", help="write into a bundle how it does on its test slices beside another")
    compare.add_argument("bundle")
    compare.add_argument("other", help="a bundle with the same test slices")
    compare.set_defaults(run=_compare)

    predict = commands.add_parser("predict", help="class, mask and heat map of slices in files")
    predict.add_argument("files", nargs="+", type=Path, metavar="FILE", help="picture or figshare .mat")
    predict.add_argument("--classifier", default=DEFAULT_CLASSIFIER)
    predict.add_argument("--segmenter", default=DEFAULT_SEGMENTER)
    predict.add_argument("--json", action="store_true", help="print a JSON list instead of lines")
    predict.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="write each slice's overlay and mask as PNG; where the answer is no tumour or that the picture is none of "
        "the kind, the overlay has no outline and no heat map, and no mask is written",
    )
    predict.set_defaults(run=_predict)

    readme = commands.add_parser("readme", help="write the README's table of figures from the bundles")
    readme.add_argument("--check", action="store_true", help="only say whether it is up to date")
    readme.set_defaults(run=_readme)
    return parser


def _prepare(options: argparse.Namespace) -> int:
    from functools import partial

    from tqdm import tqdm

    from core.cli.progress import progress_interval
    from core.dataset.prepare import prepare, require_written

    def bar(parts: Iterable[list[int]], done: int) -> Iterator[list[int]]:
        with tqdm(
            total=SLICE_COUNT, initial=done, unit=" slices", desc="prepare", mininterval=progress_interval()
        ) as shown:
            for part in parts:
                yield part
                shown.update(len(part))

    outcome = prepare(
        options.source,
        options.store,
        allow_missing=options.allow_missing,
        progress=bar,
        writing=partial(tqdm, unit=" parts", desc="write", mininterval=progress_interval()),
    )
    for problem in outcome.problems:
        print(problem, file=sys.stderr)
    require_written(outcome)
    print(
        f"{outcome.slices} slices in {options.store} "
        f"({options.store.stat().st_size / 1e6:.0f} MB); lowest IoU of outline and mask {outcome.border_iou:.3f}."
    )
    return 0


def _splits(options: argparse.Namespace) -> int:
    from core.dataset.splits import SPLITS_FILE, make_splits
    from core.dataset.store import Store

    with Store(options.store) as store:
        table = make_splits(store)
    table.to_csv(SPLITS_FILE, index=False, lineterminator="\n")
    print(f"{len(table)} slices in {SPLITS_FILE}.")
    return 0


def _frame(options: argparse.Namespace) -> int:
    from core.dataset.splits import index_table
    from core.dataset.store import Store
    from core.files import write_table
    from core.ood.framing_shortcut import SHORTCUT_FILE, majority_accuracy, measure_margins

    with Store(options.store) as store:
        table = measure_margins(store, index_table())
    write_table(SHORTCUT_FILE, table)
    right = (table["true"] == table["predicted"]).mean()
    print(
        f"The frame alone: {right:.4f} of {len(table)} slices; always the most frequent class: "
        f"{majority_accuracy(table):.4f}."
    )
    return 0


def _train(options: argparse.Namespace) -> int:
    from core.config import MODELS
    from core.evaluation.cross_validation import fold_recipe
    from core.training.recipe import load_recipe

    recipe, models = load_recipe(options.name), MODELS
    if options.fold:
        recipe, models = fold_recipe(recipe, options.fold, options.runs, models)
    _trained(recipe, models, options)
    return 0


def _cross_validate(options: argparse.Namespace) -> int:
    from core.bundles.bundle import open_bundle
    from core.config import MODELS
    from core.evaluation.cross_validation import collect_folds, find_trained, fold_recipe, put_run_aside, stored_folds
    from core.training.recipe import load_recipe

    shipped, found, missing = load_recipe(options.name), {}, []
    asked = {number: fold_recipe(shipped, number, options.runs, MODELS) for number in sorted(set(options.folds))}
    own = find_trained(shipped, MODELS)
    if own is None and (options.collect or all(recipe is not shipped for recipe, _ in asked.values())):
        raise TrainingError(
            f"There is no bundle '{shipped.name}' of its recipe to write into; "
            f"'python -m core train {shipped.name}' makes it."
        )
    kept = stored_folds(own) if own else {}
    for number, (recipe, models) in asked.items():
        bundle = find_trained(recipe, models)
        if bundle is None:
            if number in kept:
                continue
            if options.collect:
                missing.append(number)
                continue
            aside = put_run_aside(recipe, options.runs)
            if aside:
                print(f"{recipe.name}: the run of another recipe is now called {aside.name}")
            # Figures of another recipe with the same weights would go with the bundle.
            _evaluated(_trained(recipe, models, options), options)
        elif not bundle.test_metrics:
            _evaluated(bundle, options)
        found[number] = open_bundle(recipe.name, models)
    card = collect_folds(open_bundle(shipped.name), found)
    _print_folds(card["metrics"]["cross_validation"])
    if missing:
        print(
            f"core cross-validate: '{shipped.name}' lacks {_folds(missing)}; without --collect it is trained.",
            file=sys.stderr,
        )
    return int(bool(missing))


def _print_folds(said: dict[str, Any]) -> None:
    """The mean, standard deviation and values of every figure over folds, of all slices and without letter twins."""
    numbers = said["folds_done"]
    for title, figures in (("All slices", said), ("Without letter twins", said["without_letter_twins"])):
        print(f"{title}: {sum(figures['slices'])}, tested in {_folds(numbers)}")
        print(f"{'':24}{'mean ± std':18}{'  '.join(f'fold {number}' for number in numbers)}")
        for name in [one for one in said["without_letter_twins"] if one != "slices"]:
            value = figures[name]
            spread = "" if value["std"] is None else f" ± {value['std']:.4f}"
            mean = f"{value['mean']:.4f}{spread}"
            print(f"{name:24}{mean:18}{'  '.join(f'{one:.4f}' for one in value['folds'])}")


def _folds(numbers: list[int]) -> str:
    """ "fold 1" or "folds 1, 2 and 3"."""
    return f"fold{'s' * (len(numbers) > 1)} {join_words(numbers)}"


def _trained(recipe: "Recipe", models: Path, options: argparse.Namespace) -> "Bundle":
    """Train a recipe, or go on with its run, and write its bundle into ``models``."""
    import numpy as np
    from tqdm import tqdm

    from core.cli.progress import advance_bar, progress_interval
    from core.dataset import splits
    from core.dataset.store import Store
    from core.training.batches import load_examples
    from core.training.export import export_bundle

    plan = recipe.training
    part = splits.split_parts(recipe.split)
    print(f"{recipe.name}: reading slices", flush=True)
    with Store(options.store) as store:
        train, validation = (
            load_examples(store, np.asarray(part.index[part == name]), recipe) for name in ("train", "validation")
        )
    with tqdm(desc=recipe.name, unit=" batches", mininterval=progress_interval()) as bar:

        def progress(done: int, total: int, metrics: dict[str, float]) -> None:
            epoch = (done - 1) * plan.epochs // total + 1
            bar.set_description(f"{recipe.name}, epoch {epoch}/{plan.epochs}", refresh=False)
            advance_bar(bar, done, total, metrics)

        def epoch_end(row: dict[str, float]) -> None:
            # Validation figures come once an epoch: a line of their own keeps them in sight.
            said = ", ".join(f"{name} {value:.4f}" for name, value in row.items() if name.startswith("val_"))
            bar.write(f"{recipe.name}, epoch {row['epoch']}/{plan.epochs}: {said}", file=sys.stderr)

        state = run_training(
            recipe, train, validation, options.runs / recipe.name, progress=progress, epoch_end=epoch_end
        )
    bundle = export_bundle(recipe, state, models)
    print(f"{recipe.name}: {len(state.history)} epochs, kept epoch {state.best_epoch}, written to {bundle.folder}.")
    return bundle


def _search(options: argparse.Namespace) -> int:
    from core.cli.search import run_search_command

    return run_search_command(options)


def _card(options: argparse.Namespace) -> int:
    from core.bundles.bundle import open_bundle
    from core.training.card_texts import rewrite_texts
    from core.training.recipe import load_recipe

    bundle = open_bundle(options.bundle)
    rewrite_texts(bundle, load_recipe(options.bundle))
    print(f"{bundle.folder / 'card.json'} says what recipes/{options.bundle}.toml says.")
    return 0


def _compare(options: argparse.Namespace) -> int:
    from core.bundles.bundle import open_bundle
    from core.evaluation.compare import compare_bundles

    card = compare_bundles(open_bundle(options.bundle), open_bundle(options.other))
    for name, one in card["metrics"]["comparison"]["figures"].items():
        print(
            f"{name:24}{one['value']:.4f} against {one['other']:.4f}, difference {one['difference']:+.4f} "
            f"({one['low']:+.4f} to {one['high']:+.4f})"
        )
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from core.bundles.bundle import open_bundle

    if options.explain:
        return _explain(options)
    if options.times:
        return _measure_times(options)
    card = _evaluated(open_bundle(options.bundle), options)
    for name, value in card["metrics"]["test"].items():
        if isinstance(value, float):
            print(f"{name:24}{value:.4f}")
    return 0


def _evaluated(bundle: "Bundle", options: argparse.Namespace) -> dict[str, Any]:
    """Evaluate a bundle; gives the new card."""
    from core.dataset.store import Store
    from core.evaluation.evaluate import evaluate

    with Store(options.store) as store:
        return evaluate(bundle, store, progress=_slices_bar(bundle.name))


def _slices_bar(name: str) -> Callable[[Iterable[int]], Iterable[int]]:
    from functools import partial

    from tqdm import tqdm

    from core.cli.progress import progress_interval

    return partial(tqdm, desc=name, unit=" slices", mininterval=progress_interval())


def _measure_times(options: argparse.Namespace) -> int:
    from core.bundles.bundle import open_bundle
    from core.dataset.store import Store
    from core.evaluation.evaluate import measure_times

    with Store(options.store) as store:
        found = measure_times(open_bundle(options.bundle), store)["times"]
    print(f"one slice {found['one_slice_seconds'] * 1000:.1f} ms, the test slices {found['test_set_seconds']:.1f} s")
    return 0


def _explain(options: argparse.Namespace) -> int:
    from core.bundles.bundle import open_bundle
    from core.dataset.store import Store
    from core.evaluation.heat_maps import evaluate_heat_maps

    kept = options.store.with_name(f"{options.bundle}-explanations.jsonl")
    with Store(options.store) as store:
        card = evaluate_heat_maps(open_bundle(options.bundle), store, kept, progress=_slices_bar(options.bundle))
    for method, found in card["metrics"]["explanation"]["methods"].items():
        for answers, means in found.items():
            if means["slices"]:
                print(
                    f"{method:20}{answers:8}{means['slices']:5} slices   inside {means['inside']:.4f} "
                    f"of area {means['area']:.4f}   hit {means['hit']:.4f}"
                )
    return 0


def _external(options: argparse.Namespace) -> int:
    from core.bundles.bundle import OOD_ANSWERS, open_bundle
    from core.dataset.store import Store
    from core.errors import DatasetError
    from core.evaluation import external
    from core.inference.gate import has_gate
    from core.ood.evaluate import measure_ood, write_ood_metrics

    bundle = open_bundle(options.bundle)
    if not options.stored:
        if options.folder is None:
            raise DatasetError("The folder with the pictures is missing; only --stored does without.")
        external.measure_external(bundle, options.folder, split=options.split, progress=_slices_bar(bundle.name))
        # Like the split test, these are not looked at while thresholds are chosen.
        if has_gate(bundle) and options.split == external.TEST:
            with Store(options.store) as store:
                bar = _slices_bar(f"{bundle.name}, strangers")
                measure_ood(open_bundle(options.bundle), store, progress=bar)
    external.write_external_metrics(open_bundle(options.bundle))
    bundle = open_bundle(options.bundle)
    card = write_ood_metrics(bundle) if OOD_ANSWERS in bundle.card["files"] else bundle.card
    measured = card["metrics"]["external"]
    for name, value in {**measured, **measured.get(options.split, {})}.items():
        if name not in (external.DEV, "definitions", "aims"):
            print(f"{name:26}{value if not isinstance(value, float) else format(value, '.4f')}")
    for name, aim in measured.get("aims", {}).items():
        print(f"{name:26}{aim['aim']}, " + (f"missed by {aim['short_by']:.4f}" if aim["short_by"] else "met"))
    return 0


def _screen(options: argparse.Namespace) -> int:
    from functools import partial

    from tqdm import tqdm

    from core.bundles.bundle import open_bundle
    from core.dataset.store import Store
    from core.ood.fit import check_gate, fit_gate

    with Store(options.store) as store:
        if options.check:
            card = check_gate(open_bundle(options.bundle), store, options.folder)
        else:
            bar = partial(tqdm, desc=options.bundle, unit=" groups")
            card = fit_gate(open_bundle(options.bundle), store, options.folder, progress=bar)
    for part in ("thresholds", "fitted_on", "calibration_error", "source_control"):
        for name, value in card["screen"][part].items():
            if not isinstance(value, (str, dict)):
                print(f"{name:44}{value if isinstance(value, int) else format(value, '.4f')}")
    return 0


def _predict(options: argparse.Namespace) -> int:
    import json
    from collections import Counter

    from core.bundles.bundle import distinct_bundles, open_bundle
    from core.dataset.slices import read_and_recognise_slice
    from core.errors import SliceError
    from core.inference.predictor import Predictor
    from core.inference.render import encode_png
    from core.inference.result import is_withheld, overlay_png, slice_result, summary_line

    twins = [stem for stem, count in Counter(path.stem for path in options.files).items() if count > 1]
    if options.out and twins:
        raise SliceError(f"Several files are called {', '.join(twins)}; --out needs a name of its own for each.")
    bundles = open_bundle(options.classifier), open_bundle(options.segmenter)
    predictor = Predictor(*bundles)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    results = []
    failed = False
    for path in options.files:
        try:
            slice_ = read_and_recognise_slice(path.read_bytes(), path.name)
        except (SliceError, OSError) as error:
            failed = True
            print(f"{path}: {error.strerror if isinstance(error, OSError) else error}", file=sys.stderr)
            continue
        for said in (*slice_.warnings, *slice_.notes):
            print(f"{path}: {said}", file=sys.stderr)
        prediction = predictor(slice_)
        results.append(slice_result(slice_, prediction, distinct_bundles(*bundles)))
        if options.out:
            (options.out / f"{path.stem}-overlay.png").write_bytes(overlay_png(slice_, prediction))
            if not is_withheld(prediction):
                (options.out / f"{path.stem}-mask.png").write_bytes(encode_png(prediction.mask, slice_.notes))
        if not options.json:
            found = results[-1]
            print(f"{path}: {summary_line(found)}")
    if options.json:
        print(json.dumps(results, indent=2))
    return int(failed)


def _readme(options: argparse.Namespace) -> int:
    from core.evaluation.readme_tables import check_readme, write_readme

    if options.check:
        check_readme()
    else:
        write_readme()
    return 0
