"""The README.md of an exported merge: what it is, how it was made and checked, whose work it stands on."""

import json
from collections.abc import Mapping

import yaml

from explorer.attention import Lane
from explorer.config import Source, TripleSpec
from explorer.formats.link import link_query
from explorer.formats.places import parents, place_text, source_entries
from explorer.formats.texts import recipe_text
from explorer.recipe import Recipe

_BAR = 40
_OPEN_LICENCES = ("apache-2.0", "mit", "cc-by-4.0", "cc0-1.0")
_CITATION = """\
*Selective Attention Merging for low resource tasks: a case study of child ASR*, ICASSP 2025,
[arXiv 2501.08468](https://arxiv.org/abs/2501.08468). {own}"""


def model_card(
    recipe: Recipe,
    spec: TripleSpec,
    depths: Mapping[Lane, int],
    fingerprints: Mapping[str, str],
    dtype: str,
    verified: str | None,
) -> str:
    """Write the card.

    Args:
        recipe: of the merge.
        spec: its triple. Of a folder or a file only the last name is told: a card travels.
        depths: number of layers of each lane.
        fingerprints: of m0, m1, m2 and merge, in float32.
        dtype: of the stored tensors.
        verified: what verification found; None if there was none.
    """
    vectors = [each.vector for each in recipe.add]
    titles = {"m0": "M0", "m1": "M1", "m2": "M2"}
    members = {titles.get(name, f"τ of {name}"): source for name, source in parents(spec, vectors).items()}
    sources = source_entries(spec, vectors, fingerprints)
    parts = [
        f"---\n{_front_matter(spec, members)}---\n",
        f"# {recipe.summary} of {spec.name}\n",
        f"{recipe.row.title} of two fine-tunes of one Whisper, M1 (child speech) and M2 (adult speech). "
        f"{recipe.row.meaning}\n",
        f"    {recipe.row.equation}\n",
        "```python\nfrom transformers import pipeline\n\n"
        'pipeline("automatic-speech-recognition", "FOLDER_OR_REPOSITORY")("clip.wav")\n```\n',
        "## Recipe\n",
        f"```yaml\n{recipe_text(recipe, sources)}```\n",
        f"Behind the address of an explorer's page, this opens it: `{link_query(recipe)}`\n",
    ]
    if recipe.row.curve:
        means = "; where the recipe has ratios of smaller parts, their mean" if recipe.finer else ""
        parts += [
            f"The share of M1 in every layer, lowest first{means}:\n",
            f"```text\n{curve_picture(recipe, depths)}```\n",
        ]
    parts += ["## Parents\n", _table(members, fingerprints)]
    parts += [
        "## Weights\n",
        f"Stored as {dtype}; of the merge in float32 the fingerprint is `{fingerprints['merge']}`. "
        f"The same recipe gives the same on any machine.\n",
        f"{verified or 'Not verified: export with --verify to load it again and compare.'}\n",
        "## Citation\n",
        _CITATION.format(own="" if recipe.method == "sa" else f"This merge's method: <{recipe.row.paper}>.").rstrip()
        + "\n",
        "Made with SA Merge Explorer.\n",
    ]
    return "\n".join(parts)


def curve_picture(recipe: Recipe, depths: Mapping[Lane, int]) -> str:
    """Draw λ_i of every lane in scope as bars of text, a line for each layer."""
    lines: list[str] = []
    for lane, ratios in recipe.lane_ratios(depths).items():
        if lane in recipe.scope:
            lines.append(lane)
            lines += [f"  {i:2} {'█' * round(_BAR * r):·<{_BAR}} {100 * r:5.1f} %" for i, r in enumerate(ratios)]
    return "\n".join(lines or ["nothing merged"]) + "\n"


def _front_matter(spec: TripleSpec, members: Mapping[str, Source]) -> str:
    entries: dict[str, object] = {"language": spec.language, **_licence(members)}
    entries |= {"library_name": "transformers", "pipeline_tag": "automatic-speech-recognition"}
    repositories = list(dict.fromkeys(source.repo for source in members.values() if source.repo))
    if repositories:
        entries |= {"base_model": repositories, "base_model_relation": "merge"}
    return yaml.safe_dump(entries | {"tags": ["merge", "sa-merge", "whisper"]}, sort_keys=False, allow_unicode=True)


def _licence(members: Mapping[str, Source]) -> dict[str, str]:
    """One licence for all is the merge's too; otherwise the card does not choose."""
    named = {source.licence.split(" ")[0].rstrip(";,").lower() for source in members.values()}
    if len(named) == 1 and named <= set(_OPEN_LICENCES):
        return {"license": named.pop()}
    return {"license": "other", "license_name": "see-parents", "license_link": "README.md"}


def _table(members: Mapping[str, Source], fingerprints: Mapping[str, str]) -> str:
    rows = [["", "checkpoint", "licence", "provenance", "WER as its owners report it", "fingerprint"], ["---"] * 6]
    for name, source in members.items():
        place = place_text(source, local=False)
        linked = f"[{place}](https://huggingface.co/{source.repo})" if source.repo else place
        known = fingerprints.get(name.lower())
        rows.append(
            [name, linked, source.licence, source.provenance, source.reported_wer, f"`{known}`" if known else ""]
        )
    return "".join(f"| {' | '.join(' '.join(c.split()).replace('|', chr(92) + '|') for c in row)} |\n" for row in rows)


def recipe_document(recipe: Recipe, spec: TripleSpec, fingerprints: Mapping[str, str]) -> str:
    """Return what ``merge_recipe.json`` holds: the recipe with what is known of its checkpoints, and the fingerprint.

    Args:
        recipe: of the merge.
        spec: its triple, with commits for revisions.
        fingerprints: of m0, m1, m2 and merge, in float32.
    """
    sources = source_entries(spec, [each.vector for each in recipe.add], fingerprints)
    entries = {"recipe": recipe.as_dict() | {"sources": sources}, "fingerprint": fingerprints["merge"]}
    return json.dumps(entries, indent=2, ensure_ascii=False) + "\n"
