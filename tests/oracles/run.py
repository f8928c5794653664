"""Compare this program's merges with its peers', tensor by tensor: ``make oracles``.

On a random Whisper of two layers and on the demo triple: Lerp, Slerp, Task Arithmetic and TIES with mergekit's; SA
Merge with the authors' script if SA_MERGE_SCRIPT names it, and otherwise with ``slow_sa_merge``; RegMean with numpy's
least squares. A difference counts relative to an entry's magnitude where that is above 1: float32 has no finer steps.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import torch
from oracles.groupings import groupings
from oracles.least_squares import excess_over_least_squares
from oracles.left_open import left_open
from oracles.peers import MEMBERS, authors, mergekit, write_doubles, yaml_of
from oracles.slow_sa_merge import shares, slow_sa_merge
from tiny_whisper import write_companions, write_whisper
from torch import Tensor

from explorer.bench import Bench
from explorer.config import Config, Source, TripleSpec
from explorer.config_file import read_config
from explorer.errors import RecipeError
from explorer.formats.texts import export_text, recipe_from_foreign
from explorer.merging.operands import Operands
from explorer.merging.plan import merge_of
from explorer.recipe import Recipe, recipe_from
from explorer.steps import finished
from explorer.workbench import Workbench

LIMIT = 1e-6
ROOT = Path(__file__).parents[2]
Row = tuple[str, str, float]
POINTS: dict[str, list[dict[str, float]]] = {
    "lerp": [{"lambda": share} for share in (0.1, 0.5, 0.8)],
    "slerp": [{"lambda": share} for share in (0.1, 0.5, 0.8)],
    "task-arithmetic": [{"scale": 1.0, "share": 0.5}, {"scale": 1.4, "share": 0.3}],
    "ties": [{"density": d, "scale": s, "share": w} for d, s, w in ((0.2, 1.0, 0.5), (0.7, 0.6, 0.3), (1.0, 1.0, 0.5))],
}


def main() -> int:
    """Compare, print a table; 1 if anything differs by more than ``LIMIT``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=Path, default=ROOT / ".venv-oracles", help="virtual environment of the peers")
    parser.add_argument("--triples", default="random,demo", help="of random, demo")
    parser.add_argument("--compare", default="mergekit,sa,regmean", help="of mergekit, sa, regmean")
    options = parser.parse_args()
    worst = 0.0
    sys.stdout.write(f"{'triple':7} {'method':40} {'compared with':28} {'largest difference':>18}\n")
    for name in options.triples.split(","):
        with tempfile.TemporaryDirectory(prefix="oracles-") as folder:
            bench = opened(name, Path(folder))
            for what in options.compare.split(","):
                for method, peer, found in COMPARISONS[what](bench, Path(folder), options.peers.absolute()):
                    verdict = "" if found <= LIMIT else "  TOO MUCH"
                    sys.stdout.write(f"{name:7} {method:40} {peer:28} {found:18.1e}{verdict}\n")
                    sys.stdout.flush()
                    worst = max(worst, found)
    sys.stdout.write(f"The largest of all is {worst:.2e}; {LIMIT:g} is allowed.\n")
    return 0 if worst <= LIMIT else 1


def opened(name: str, folder: Path) -> Bench:
    """Open a triple and write its members as folders that every peer can read."""
    if name == "random":
        base = write_whisper(folder / "random" / "base", seed=0)
        write_companions(base)
        others = [write_whisper(folder / "random" / f"m{n}", seed=n, base=base) for n in (1, 2)]
        sources = [Source(folder=place) for place in (base, *others)]
        spec = TripleSpec(name=name, title=name, layers=2, window="fit", base=sources[0], m1=sources[1], m2=sources[2])
        config = Config(Path("oracles"), {"triple": name}, (spec,), ())
    else:
        config = read_config(ROOT / "checkpoints.yaml")
    workbench = Workbench(config, "cpu")
    bench = workbench.bench(workbench.default_recipe().triple, lambda *_: None)
    ends = {"m0": {"method": "task-arithmetic", "scale": 0.0}}
    ends |= {f"m{n}": {"method": "lerp", "lambda": 2.0 - n} for n in (1, 2)}
    for member in MEMBERS:
        finished(workbench.export(bench, recipe_from({"triple": bench.spec.name, **ends[member]}), folder / member))
    return bench


def with_mergekit(bench: Bench, folder: Path, peers: Path) -> Iterator[Row]:
    """Compare with mergekit, by YAML of its documentation and by YAML of our export."""
    write_doubles(folder)
    for method, points in POINTS.items():
        recipes = [recipe_from({"triple": bench.spec.name, "method": method, **point}) for point in points]
        opens = [left_open(bench, recipe) for recipe in recipes]
        found = [
            difference(merged(bench, recipe), mergekit(peers, folder, yaml_of(method, point)), left)
            for recipe, point, left in zip(recipes, points, opens, strict=True)
        ]
        yield f"{method}, {len(points)} settings{told(bench, opens)}", "mergekit", max(found)
    for recipe in exported(bench.spec.name):
        text = export_text("mergekit", recipe, bench.spec, bench.names, "0")
        left = left_open(bench, recipe)
        yield (
            recipe.summary[:40] + told(bench, [left]),
            "mergekit, our export",
            difference(merged(bench, recipe), mergekit(peers, folder, text), left),
        )


def with_authors(bench: Bench, folder: Path, peers: Path) -> Iterator[Row]:
    """Compare SA Merge with the authors' script, or with what is known of it: by tensor, and imported as a recipe."""
    script = os.environ.get("SA_MERGE_SCRIPT")
    peer = "the authors' script" if script else "slow_sa_merge"
    for title, groups in groupings(bench.spec.layers).items():
        if script:
            wanted: Mapping[str, Tensor] = authors(peers, Path(script), folder, groups)
        else:
            weights = bench.live.triple.weights
            members = [{each: tensor.numpy() for each, tensor in weights[member].items()} for member in MEMBERS]
            wanted = {each: torch.from_numpy(tensor) for each, tensor in slow_sa_merge(groups, *members).items()}
        yield f"sa, {title}", peer, difference(by_tensor(bench, groups), wanted)
        recipe = imported(bench, groups)
        if recipe is not None:
            yield f"sa, {title}, imported", peer, difference(merged(bench, recipe), wanted)


def with_least_squares(bench: Bench, folder: Path, peers: Path) -> Iterator[Row]:
    """Compare RegMean with the least-squares solution that numpy finds."""
    yield "regmean, sum of squares above the least", "numpy.linalg.lstsq", excess_over_least_squares(bench)


COMPARISONS = {"mergekit": with_mergekit, "sa": with_authors, "regmean": with_least_squares}


def exported(triple: str) -> list[Recipe]:
    """Return recipes of which this program writes mergekit's YAML itself."""
    add = [{"vector": "m2", "beta": 0.3, "scope": ["feed-forward", "encoder.self"]}, {"vector": "m1", "beta": -0.2}]
    entries = [{"lambda": 0.2}, {"schedule": "groups", "alpha": [0.7, 0.8, 0.9]}, {"add": add}]
    entries += [
        {"method": "lerp", "scope": ["norms", "decoder.self"]},
        {"method": "ties", "density": 0.3, "share": 0.4},
    ]
    return [recipe_from({"triple": triple, **each}) for each in entries]


def merged(bench: Bench, recipe: Recipe) -> dict[str, Tensor]:
    """Return the tensors of a live merge."""
    with bench.live.merged(recipe) as model:
        return {name: model.get_parameter(name).clone() for name in bench.names}


def by_tensor(bench: Bench, groups: list[dict[str, object]]) -> dict[str, Tensor]:
    """Apply SA Merge's function to every tensor with the share that its group gives it."""
    m0, m1, m2 = (bench.live.triple.weights[member] for member in MEMBERS)
    merge: Callable[..., Tensor] = merge_of("sa")
    return {
        name: merge(Operands(name, m0[name], m1[name], m2[name]), {"ratio": share}, torch.empty_like(m1[name]))
        for name, share in shares(groups, bench.names).items()
    }


def imported(bench: Bench, groups: list[dict[str, object]]) -> Recipe | None:
    """Read the groups as the page imports them, or None where no recipe says the same."""
    try:
        return recipe_from_foreign({"merge_configs": groups}, "", bench.names, bench.spec.name, "groups.yaml")
    except RecipeError:
        return None


def told(bench: Bench, opens: Sequence[Mapping[str, Tensor]]) -> str:
    """Say which share of the entries a definition leaves open, if it leaves any."""
    count = sum(int(mask.sum()) for masks in opens for mask in masks.values())
    entries = len(opens) * sum(tensor.numel() for tensor in bench.live.triple.weights["m0"].values())
    return f" ({100 * count / entries:.2f} % open)" if count else ""


def difference(
    found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], open_: Mapping[str, Tensor] | None = None
) -> float:
    """Return the largest difference of two sets of tensors, relative to magnitudes above 1.

    Args:
        found: ours.
        wanted: the peer's; it may have more.
        open_: masks of entries that do not count.
    """
    missing = set(found) - set(wanted)
    if missing:
        raise SystemExit(f"the peer's merge lacks {sorted(missing)[:3]}")
    worst = 0.0
    for name, tensor in found.items():
        other = wanted[name].double()
        apart = (tensor.double() - other).abs() / other.abs().clamp(min=1)
        if open_ and name in open_:
            apart = torch.where(open_[name], 0.0, apart)
        worst = max(worst, float(apart.max()))
    return worst


if __name__ == "__main__":
    sys.exit(main())
