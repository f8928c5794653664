"""How a merge leaves this program and comes back: texts for other tools, its folder, a zip of it; files opened again.

Page, API and command line all save and open through here.
"""

import shutil
import zipfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from explorer.audio import Clip, load_clip
from explorer.bench import Bench
from explorer.checkpoints.cache import Progress
from explorer.config import Config
from explorer.corpora.manifest import read_manifest
from explorer.errors import ConfigError
from explorer.formats.heading import written_recipe
from explorer.formats.texts import FORMATS, Format, export_text, is_foreign, recipe_from_foreign, written_entries
from explorer.recipe import Recipe
from explorer.steps import Step, Steps
from explorer.verification import DataType
from explorer.workbench import Workbench

__all__ = ["FORMATS", "opened_recipe", "sample_clips", "saved_text", "write_zip"]

_ZIPPED = 0.8  # share of the work that is behind it when the folder is there
_CHUNK = 8 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)  # of every file in a zip: the same merge gives the same bytes
_BYTES: dict[DataType, int] = {"float32": 4, "float16": 2, "bfloat16": 2}


def sample_clips(config: Config) -> list[Clip]:
    """Load the sample clips: the first of checkpoints.yaml's corpora."""
    folders = [corpus.path for corpus in config.corpora[:1] if corpus.path]
    return [load_clip(each.path, each.id) for folder in folders for each in read_manifest(folder).utterances]


def saved_text(bench: Bench, recipe: Recipe, kind: Format, *, local: bool) -> tuple[str, str]:
    """Write a recipe for another tool.

    Args:
        bench: of the triple.
        recipe: any.
        kind: of text.
        local: whether the reader may see where on this machine a checkpoint lies.

    Returns:
        The text, and the fingerprint of the merged weights.

    Raises:
        RecipeError: this kind cannot express the recipe; the message says why.
    """
    fingerprint = bench.fingerprint("merge", recipe)
    prints = {member: bench.fingerprint(member, recipe) for member in ("m0", "m1", "m2")}
    spec = bench.sources(recipe)
    text = export_text(kind, recipe, spec, bench.names, fingerprint, local=local, fingerprints=prints)
    return text, fingerprint


def opened_recipe(workbench: Workbench, text: str, where: str, triple: str | None, progress: Progress) -> Recipe:
    """Read a recipe out of a file: ours, mergekit's, the authors', or anything this program saved.

    Args:
        workbench: knows the triples.
        text: of the file.
        where: what messages call it.
        triple: for a file that names none; None is the default one's.
        progress: called while a triple is fetched.

    Raises:
        ExplorerError: it is nothing of these, does not fit, or its triple cannot be had.
    """
    entries = written_entries(text, where)
    if not is_foreign(entries):
        if "sources" in entries:  # they are compared with the triple's weights, which may have to be fetched
            workbench.bench(entries.get("triple", workbench.default_recipe().triple), progress)
        return workbench.recipe(entries, where)
    named = (written_recipe(text) or {}).get("triple")
    chosen = triple or (named if isinstance(named, str) else workbench.default_recipe().triple)
    names = workbench.bench(chosen, progress).names
    return workbench.recipe(recipe_from_foreign(entries, text, names, chosen, where).as_dict(), where)


def write_zip(
    workbench: Workbench, bench: Bench, recipe: Recipe, target: Path, dtype: DataType, clips: Sequence[Clip] | None
) -> Steps[tuple[str, str | None]]:
    """Write a merge's folder as one zip file, step by step; stored, for weights do not compress.

    Args:
        workbench: writes the folder.
        bench: of the triple.
        recipe: of the merge.
        target: the zip file; its name without ``.zip`` is the folder's inside.
        dtype: of the stored tensors.
        clips: for verification; None verifies nothing.

    Returns:
        The fingerprint of the merge in float32, and what verification found.

    Raises:
        ConfigError: the disk has no room, or refuses.
        RecipeError: the recipe does not fit the triple.
    """
    # The folder and its zip lie there at once; this is asked before anything is computed.
    needed = 2 * _BYTES[dtype] * sum(tensor.numel() for tensor in bench.live.triple.weights["m0"].values())
    free = shutil.disk_usage(target.absolute().parent).free
    if free < needed:
        raise ConfigError(
            f"{target.name}: needs {needed / 1e6:.0f} MB for a while, and {free / 1e6:.0f} MB are free there; free "
            f"some, or choose float16."
        )
    try:
        with TemporaryDirectory(dir=target.absolute().parent, ignore_cleanup_errors=True) as outer:
            folder = Path(outer) / target.stem
            with closing(workbench.export(bench, recipe, folder, dtype, clips)) as steps:
                made = yield from _scaled(steps)
            yield from _pack(folder, target)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise ConfigError(f"{target.name}: cannot be written ({error.strerror}); free space and try again.") from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return made


def _scaled(steps: Steps[tuple[str, str | None]]) -> Steps[tuple[str, str | None]]:
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            made: tuple[str, str | None] = end.value
            return made
        yield Step(step.what, _ZIPPED * step.share)


def _pack(folder: Path, target: Path) -> Steps[None]:
    files = sorted(folder.iterdir())
    total, done = sum(file.stat().st_size for file in files), 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for file in files:
            entry = zipfile.ZipInfo(f"{folder.name}/{file.name}", _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.file_size = file.stat().st_size
            with file.open("rb") as source, archive.open(entry, "w") as sink:
                while block := source.read(_CHUNK):
                    sink.write(block)
                    done += len(block)
                    yield Step("Zip", _ZIPPED + (1 - _ZIPPED) * done / total)
