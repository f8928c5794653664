"""What stands out in an anatomy, in plain language made from the numbers themselves.

Every sentence is computed; what it advises hangs on the thresholds below, which the sentence names.
"""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from explorer.measures import (
    MEASURES,
    Row,
    head_rows,
    kind_words,
    lane_label,
    matrix_words,
    part_name,
    place_label,
    vector_label,
)

Document = Mapping[str, Any]

# Rules of thumb. Unrelated vectors conflict in half of their entries: near that they share almost no direction.
MANY_CONFLICTS = 0.45
UNRELATED, ALIGNED = 0.1, 0.5  # cosines
LOW_RANK = 0.1  # of what a matrix could have
FEW_HEADS = 0.4  # spread evenly, half of the heads would hold half of the change
_ATTENTION = ("encoder.self", "decoder.self", "decoder.cross")


def measure_reading(document: Document, name: str) -> list[str]:
    """Say what stands out in one measure: its extremes, the kinds of layers, and what that may mean.

    Args:
        document: of ``anatomy.anatomy``.
        name: of ``MEASURES``.
    """
    rows = [row for row in document["matrices"] if _moved(row, name)]
    if not rows:
        return ["There is nothing to compare: a task vector is zero in every matrix."]
    measure = MEASURES[name]
    top, low = max(rows, key=lambda row: row[name]), min(rows, key=lambda row: row[name])
    high, deep = measure.shown(top[name]), measure.shown(low[name])
    if high == deep:
        return [f"{measure.label} is {high} in every matrix."]
    middle = measure.shown(median(row[name] for row in rows))
    if name == "conflicts":
        first = f"{_start(top)} disagrees most: {high} of its entries pull in opposite directions."
        return [
            first,
            f"{_start(low)} agrees best ({deep}); half of the matrices lie above {middle}.",
            *_ties(document),
        ]
    if name == "cosine":
        first = f"{_start(top)} is where the two fine-tunes are most alike ({high}: {_alike(top[name])})."
        second = f"{_start(low)} is where they are least alike ({deep}: {_alike(low[name])}); the median is {middle}."
        return [first, second]
    who = "Child" if name.endswith("_1") else "Adult"
    if name.startswith("rank"):
        shares = {id(row): row[name] / min(row["rows"], row["columns"]) for row in rows}
        few = [row for row in rows if shares[id(row)] < LOW_RANK]
        of = f"of {min(top['rows'], top['columns'])} possible"
        first = f"{who} training spread its change widest in {matrix_words(top)}: {high} {of}."
        second = f"It was narrowest in {matrix_words(low)}: {deep}."
        third = f"{len(few)} of {len(rows)} matrices stay below {100 * LOW_RANK:.0f} % of what is possible: " + (
            "they changed along few directions." if few else "no change here is of low rank."
        )
        return [first, second, third]
    of = " of its own length" if name.startswith("relative") else ""
    first = f"{who} training moved {matrix_words(top)} most ({high}{of}) and {matrix_words(low)} least ({deep})."
    kinds = sorted((kind for kind in document["kinds"]), key=lambda kind: kind[name])
    second = (
        f"Taken by kind, {kind_words(kinds[-1])} moved most ({measure.shown(kinds[-1][name])}), "
        f"{kind_words(kinds[0])} least ({measure.shown(kinds[0][name])})."
    )
    return [first, second]


def energy_reading(document: Document) -> list[str]:
    """Say how much of each task vector lies in what SA Merge mixes, and how much in feed-forward layers."""
    sentences = []
    for name, shares in document["energy"].items():
        if not sum(shares.values()):
            sentences.append(f"{vector_label(name)} is zero.")
            continue
        mixed = sum(shares[part] for part in _ATTENTION)
        feed = shares["feed-forward"]
        sentences.append(
            f"{vector_label(name)}: {_percent(mixed)} of its energy lies in the q, k and v that SA Merge mixes, "
            f"{_percent(shares['output'])} in the output projections, {_percent(feed)} in feed-forward layers."
        )
    adult = document["energy"]["m2"]
    if sum(adult.values()):
        left = 1 - sum(adult[part] for part in _ATTENTION)
        sentences.append(f"So the other {_percent(left)} of what adult training changed never enters an SA merge.")
    return sentences


def heads_reading(document: Document, member: str) -> list[str]:
    """Say which heads a fine-tune moved most, and how few of them hold half of the change.

    Args:
        document: of ``anatomy.anatomy``.
        member: m1 or m2.
    """
    heads = [
        (norm, head, row) for row in head_rows(document["matrices"]) for head, norm in enumerate(row[_key(member)])
    ]
    total = sum(norm**2 for norm, _, _ in heads)
    if not total:
        return [f"{vector_label(member)} is zero in every head."]
    heads.sort(key=lambda entry: -entry[0])
    (most, head, row), (least, other, below) = heads[0], heads[-1]
    held, count = 0.0, 0
    while held < total / 2:
        held += heads[count][0] ** 2
        count += 1
    share = count / len(heads)
    return [
        f"{vector_label(member)} moved head {head} in layer {row['layer']} of {kind_words(row)} most ({most:.3f}), "
        f"head {other} in layer {below['layer']} of {kind_words(below)} least ({least:.3f}).",
        f"{count} of {len(heads)} heads ({_percent(share)}) hold half of the change in q, k and v. Headwise SA Merge "
        f"merges the heads that moved most; with less than {_percent(FEW_HEADS)} there is a clear choice, "
        + ("as here." if share < FEW_HEADS else "which is not so here."),
    ]


def cosines_reading(document: Document) -> list[str]:
    """Say which task vectors of the triple point the same way."""
    names, cosines = document["vectors"], document["cosines"]
    pairs = [(cosines[i][j], names[i], names[j]) for i in range(len(names)) for j in range(i)]
    sentences = [
        f"{vector_label(other)} and {vector_label(one)}: {_alike(cosine)} (cosine {MEASURES['cosine'].bare(cosine)})."
        for cosine, one, other in sorted(pairs, key=lambda pair: -pair[0])
    ]
    return [*sentences, f"Called aligned from {ALIGNED:g} on, unrelated within ±{UNRELATED:g}."]


def cells(matrices: Sequence[Row]) -> list[dict[str, Any]]:
    """Say of every matrix what it is, for who points at it; ``part`` and ``projection`` are a recipe's words for it."""
    return [
        _cell(row, place_label(row))
        | {"part": part_name(row), "projection": row["projection"]}
        | {
            "says": f"{_start(row)} ({row['rows']} × {row['columns']}): child training moved it by "
            f"{row['norm_1']:.3f} ({MEASURES['relative_1'].shown(row['relative_1'])} of its length), adult training by "
            f"{row['norm_2']:.3f} ({MEASURES['relative_2'].shown(row['relative_2'])}). The two are "
            f"{_alike(row['cosine'])} (cosine {MEASURES['cosine'].shown(row['cosine'])}) and conflict in "
            f"{MEASURES['conflicts'].shown(row['conflicts'])} of the entries. Effective rank {row['rank_1']:.0f} and "
            f"{row['rank_2']:.0f} of {min(row['rows'], row['columns'])}."
        }
        for row in matrices
    ]


def head_cells(matrices: list[Row]) -> list[dict[str, Any]]:
    """Say of every head what it is, as ``cells`` does of matrices."""
    return [
        _cell(row, f"{lane_label(row)} head {head}")
        | {"part": part_name(row), "projection": None}
        | {
            "says": f"Head {head} in layer {row['layer']} of {kind_words(row)}: child training moved its queries, keys "
            f"and values by {first:.3f}, adult training by {second:.3f}."
        }
        for row in head_rows(matrices)
        for head, (first, second) in enumerate(zip(row["heads_1"], row["heads_2"], strict=True))
    ]


def _cell(row: Row, place: str) -> dict[str, Any]:
    lane = None if row["kind"] == "feed-forward" else f"{row['stack']}.{row['kind']}"
    return {"place": place, "layer": row["layer"], "lane": lane}


def _ties(document: Document) -> list[str]:
    limit = _percent(MANY_CONFLICTS)
    many = [kind for kind in document["kinds"] if kind["conflicts"] >= MANY_CONFLICTS]
    if not many:
        worst = max(document["kinds"], key=lambda kind: kind["conflicts"])
        return [
            f"No kind of layer reaches {limit}, from where on this page thinks of TIES, which elects a sign for every "
            f"entry; {kind_words(worst)} comes nearest ({_percent(worst['conflicts'])})."
        ]
    named = ", ".join(f"{kind_words(kind)} ({_percent(kind['conflicts'])})" for kind in many)
    return [f"From {limit} on (50 % is chance) TIES, which elects a sign for every entry, may help: {named}."]


def _alike(cosine: float) -> str:
    if cosine >= ALIGNED:
        return "aligned"
    if abs(cosine) < UNRELATED:
        return "unrelated"
    return "somewhat alike" if cosine > 0 else "opposed"


def _moved(row: Row, name: str) -> bool:
    needed = ("norm_1", "norm_2") if name in ("conflicts", "cosine") else (f"norm_{name[-1]}",)
    return all(row[key] > 0 for key in needed)


def _start(row: Row) -> str:
    words = matrix_words(row)
    return words[0].upper() + words[1:]


def _key(member: str) -> str:
    return "heads_2" if member == "m2" else "heads_1"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %".replace(".0 %", " %")
