"""One (λ, α) point over child clips: ours, the authors' procedure re-enacted, three peers; each in its own process.

    python -m benchmarks.one_point --corpus KIND:PATH [--limit 100]
    python -m benchmarks.one_point --corpus KIND:PATH --ways ours-30,whisper,faster-float32 --python PEERS/bin/python

``authors``: three models are loaded, merged tensor by tensor, written with `save_pretrained`, loaded again, and decoded
clip by clip at batch 1 with `generate`. ``pipeline``: transformers' pipeline, batches of 8, on the merged folder.
``whisper``, ``faster-float32`` and ``faster-int8`` want an environment of their own (``--python``) with openai-whisper,
faster-whisper, transformers, torch and safetensors; conversion of the merged folder is counted. All decode greedily, in
a window of 30 s but for ``ours-fit``. ``limit s`` of ours is what the device cannot do without: the operations of
all matrix products, convolutions and attentions that were counted in one run, over the rate of a large float32 matrix
product in the same process, the mean of one before and one after the warm run. Texts are compared with the first way's
after Whisper's normaliser, and ``wer %`` with what was said. ``process to cold s`` is from the start of the process to
the end of its first run, imports included; ``cold`` and ``warm`` are the first and the second run, imports aside. With
``--device cuda`` ours, the authors' and the pipeline compute there.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
LAMBDA, ALPHA = 0.2, 0.8
OURS = {"ours-30": ("30", "float32"), "ours-fit": ("fit", "float32"), "ours-bfloat16": ("30", "bfloat16")}
Texts = list[str]


def main() -> None:
    """Run every way in a process of its own and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus")
    parser.add_argument("--triple", default="tiny-en")
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--ways", default="ours-30,ours-fit,ours-bfloat16,authors,pipeline")
    parser.add_argument("--python", default=sys.executable, help="of the peers' environment")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--out", default="one_point", help="name of the results; on a GPU -cuda is put behind it")
    parser.add_argument("--started", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        worker(options.way, options.folder, options.device, options.started)
        return
    from benchmarks.timing import machine, report  # noqa: PLC0415 - the peers' environment has less

    about = machine(options.device)  # before it is busy with this
    with tempfile.TemporaryDirectory(prefix="sa-merge-point-") as name:
        folder = Path(name)
        norm, references = prepare(options, folder)
        found = {}
        for way in options.ways.split(","):
            python = options.python if way.startswith(("whisper", "faster")) else sys.executable
            command = [python, "-m", "benchmarks.one_point", "--way", way, "--folder", str(folder)]
            command += ["--device", options.device, "--started", str(time.time())]
            ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if ran.returncode:
                sys.stderr.write(f"{way}: left out: {ran.stderr.strip().splitlines()[-1]}\n")
                continue
            found[way] = json.loads(ran.stdout.splitlines()[-1])
    texts = {way: each.pop("texts") for way, each in found.items()}
    basis = [norm(text) for text in next(iter(texts.values()))]
    rows = []
    for way, each in found.items():
        heard = [norm(text) for text in texts[way]]
        same = sum(one == two for one, two in zip(heard, basis, strict=True))
        rows.append({"way": way, **each, "same text": same, "wer %": wer(references, heard)})
    name = options.out if options.device == "cpu" else f"{options.out}-{options.device}"
    report(name, {"clips": options.limit, "machine": about, "rows": rows})


def wer(references: Texts, heard: Texts) -> float:
    """Return the pooled word error rate in percent; all texts are normalised."""
    from explorer.scoring import align, pooled  # noqa: PLC0415

    return 100 * (pooled(align(one, two).counts for one, two in zip(references, heard, strict=True)).wer or 0.0)


def prepare(options: argparse.Namespace, folder: Path) -> tuple[Callable[[str], str], Texts]:
    """Write what all ways share: the clips, the three checkpoints as folders, the merge as a folder.

    Returns:
        The normaliser, and the references, normalised.
    """
    from explorer.checkpoints.base import terminal_progress  # noqa: PLC0415
    from explorer.checkpoints.triple import MEMBERS  # noqa: PLC0415
    from explorer.config_file import read_config  # noqa: PLC0415
    from explorer.corpora.open import open_corpus  # noqa: PLC0415
    from explorer.corpora.subset import SubsetSpec, choose  # noqa: PLC0415
    from explorer.recipe import Recipe  # noqa: PLC0415
    from explorer.steps import finished  # noqa: PLC0415
    from explorer.workbench import Workbench  # noqa: PLC0415

    workbench = Workbench(read_config(ROOT / "checkpoints.yaml"), "cpu")
    with terminal_progress() as progress:
        bench = workbench.bench(options.triple, progress)
    utterances = choose(
        open_corpus(options.corpus, workbench.config.corpora).utterances, SubsetSpec(limit=options.limit)
    )
    paths = [str(utterance.path) for utterance in utterances.utterances]
    (folder / "clips.json").write_text(json.dumps({"triple": options.triple, "paths": paths}))
    finished(workbench.export(bench, Recipe(options.triple, mixing=LAMBDA, exponents=(ALPHA,)), folder / "merged"))
    for member in MEMBERS:
        with bench.live.checkpoint(member) as model:
            model.save_pretrained(folder / member)
    return bench.normalizer, [bench.normalizer(utterance.reference) for utterance in utterances.utterances]


def worker(way: str, folder: Path, device: str, started: float | None) -> None:
    """Do one way's work, cold and then warm, and print what it took."""
    asked = json.loads((folder / "clips.json").read_text())
    if way in OURS:
        work = ours(way, asked, device)
    elif way == "authors":
        work = authors(folder, asked["paths"], device)
    elif way == "pipeline":
        work = pipeline(folder, asked["paths"], device)
    elif way == "whisper":
        work = openai_whisper(folder, asked["paths"])
    else:
        work = faster(folder, asked["paths"], way.removeprefix("faster-"))
    found: dict[str, Any] = {}
    rates = []
    for name in ("cold", "warm"):
        if way in OURS:
            rates.append(rate(device))
        cpu, wall = time.process_time(), time.perf_counter()
        texts = work()
        found |= {f"{name} cpu s": time.process_time() - cpu}
        found |= {f"{name} wall s": time.perf_counter() - wall}
        if name == "cold" and started:
            found |= {"process to cold s": time.time() - started}
    found["limit s"] = None
    if way in OURS:
        counted = next(other for other in OURS if OURS[other] == (OURS[way][0], "float32"))
        found["limit s"] = operations(ours(counted, asked, device)) / statistics.mean([rates[-1], rate(device)])
    sys.stdout.write(json.dumps(found | {"texts": texts}) + "\n")


def operations(work: Callable[[], Texts]) -> int:
    """Count the floating-point operations of a run."""
    import torch  # noqa: PLC0415
    from torch.nn.attention import SDPBackend, sdpa_kernel  # noqa: PLC0415
    from torch.utils.flop_counter import FlopCounterMode  # noqa: PLC0415

    from explorer.threads import one_thread  # noqa: PLC0415

    # The counter hears this thread alone, does not know oneDNN's operators, and knows attention on a CPU as the matrix
    # products it is made of.
    plain = one_thread(), torch.backends.mkldnn.flags(enabled=False), sdpa_kernel(SDPBackend.MATH)
    with plain[0], plain[1], plain[2], FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())


def rate(device: str) -> float:
    """Return the float32 operations a second of a large matrix product, on all that this process may use."""
    import torch  # noqa: PLC0415

    size, times = 3072, []
    one, two = torch.randn(size, size, device=device), torch.randn(size, size, device=device)
    for _ in range(7):
        began = time.perf_counter()
        (one @ two)[0, 0].item()  # a GPU has not done it before it is asked
        times.append(time.perf_counter() - began)
    return 2 * size**3 / statistics.median(times)


def ours(way: str, asked: dict[str, Any], device: str) -> Callable[[], Texts]:
    """Merge in memory, decode all clips together; nothing is remembered between cold and warm but the weights."""
    from explorer.audio import load_clip  # noqa: PLC0415
    from explorer.checkpoints.cache import no_progress  # noqa: PLC0415
    from explorer.config_file import read_config  # noqa: PLC0415
    from explorer.heap import keep_freed_memory  # noqa: PLC0415
    from explorer.recipe import Recipe  # noqa: PLC0415
    from explorer.transcription.decoding import Decoding, Halt  # noqa: PLC0415
    from explorer.transcription.transcriber import Transcriber  # noqa: PLC0415
    from explorer.workbench import Workbench  # noqa: PLC0415

    window, precision = OURS[way]
    keep_freed_memory()  # as app and command line do
    workbench = Workbench(read_config(ROOT / "checkpoints.yaml"), device)

    def work() -> Texts:
        bench = workbench.bench(asked["triple"], no_progress)
        clips = [load_clip(Path(path)) for path in asked["paths"]]
        transcriber = Transcriber(bench.live.triple.folder)
        with bench.live.merged(Recipe(asked["triple"], mixing=0.9)):
            pass  # so that the merge below has to be made
        with bench.live.merged(Recipe(asked["triple"], mixing=LAMBDA, exponents=(ALPHA,))) as model:
            heard = transcriber.transcribe(model, clips, Decoding(window, None, precision), Halt())
        return [each.text for each in heard]

    return work


def authors(folder: Path, paths: list[str], device: str) -> Callable[[], Texts]:
    """Load three, merge per tensor, write, load, decode one by one."""
    import soundfile  # noqa: PLC0415
    import torch  # noqa: PLC0415
    from transformers import WhisperForConditionalGeneration, WhisperProcessor  # noqa: PLC0415

    from explorer.attention import attention_parameter  # noqa: PLC0415

    def load(name: str) -> WhisperForConditionalGeneration:
        return WhisperForConditionalGeneration.from_pretrained(folder / name)

    def work() -> Texts:
        base, first, second = load("m0"), load("m1"), load("m2")
        depth = base.config.encoder_layers
        one, two, state = first.state_dict(), second.state_dict(), dict(first.state_dict())
        for name, tensor in base.state_dict().items():
            parameter = attention_parameter(name)
            if parameter is not None:
                ratio = LAMBDA ** (ALPHA * (parameter.layer + 1) / depth)
                state[name] = tensor + ratio * (one[name] - tensor) + (1 - ratio) * (two[name] - tensor)
        base.load_state_dict(state)
        base.save_pretrained(folder / "authors")
        model, processor = load("authors").to(device), WhisperProcessor.from_pretrained(folder / "merged")
        texts = []
        for path in paths:
            samples, rate = soundfile.read(path)
            features = processor(samples, sampling_rate=rate, return_tensors="pt").input_features
            with torch.inference_mode():
                tokens = model.generate(features.to(device), max_new_tokens=224)
            texts += [text.strip() for text in processor.batch_decode(tokens, skip_special_tokens=True)]
        return texts

    return work


def pipeline(folder: Path, paths: list[str], device: str) -> Callable[[], Texts]:
    """Transformers' own pipeline, batches of 8."""
    import soundfile  # noqa: PLC0415
    from transformers import pipeline as made  # noqa: PLC0415

    def work() -> Texts:
        listen = made("automatic-speech-recognition", str(folder / "merged"), device=device)
        listen.tokenizer.pad_token_id = listen.model.config.eos_token_id
        read = (soundfile.read(path, dtype="float32") for path in paths)  # by its paths it would want ffmpeg
        clips = [{"raw": samples, "sampling_rate": rate} for samples, rate in read]
        return [each["text"].strip() for each in listen(clips, batch_size=8, generate_kwargs={"num_beams": 1})]

    return work


def openai_whisper(folder: Path, paths: list[str]) -> Callable[[], Texts]:
    """openai-whisper on the merged weights, put into its own model by name."""
    import soundfile  # noqa: PLC0415
    import whisper  # noqa: PLC0415
    from safetensors.torch import load_file  # noqa: PLC0415
    from whisper.model import ModelDimensions, Whisper  # noqa: PLC0415

    names = (
        ("model.", ""), (".layers.", ".blocks."), ("self_attn_layer_norm", "attn_ln"), ("self_attn", "attn"),
        ("encoder_attn_layer_norm", "cross_attn_ln"), ("encoder_attn", "cross_attn"), ("final_layer_norm", "mlp_ln"),
        ("fc1", "mlp.0"), ("fc2", "mlp.2"), ("q_proj", "query"), ("k_proj", "key"), ("v_proj", "value"),
        ("out_proj", "out"), ("encoder.layer_norm", "encoder.ln_post"), ("decoder.layer_norm", "decoder.ln"),
        ("encoder.embed_positions.weight", "encoder.positional_embedding"),
        ("decoder.embed_positions.weight", "decoder.positional_embedding"), ("embed_tokens", "token_embedding"),
    )  # fmt: skip

    def work() -> Texts:
        config = json.loads((folder / "merged" / "config.json").read_text())
        sizes = ("num_mel_bins", "max_source_positions", "d_model", "encoder_attention_heads", "encoder_layers")
        sizes += ("vocab_size", "max_target_positions", "d_model", "decoder_attention_heads", "decoder_layers")
        model = Whisper(ModelDimensions(*(config[each] for each in sizes)))
        state = {}
        for name, tensor in load_file(folder / "merged" / "model.safetensors").items():
            for old, new in names:
                name = name.replace(old, new)
            state[name] = tensor
        model.load_state_dict(state, strict=False)
        options = whisper.DecodingOptions(language="en", without_timestamps=True, fp16=False)
        texts = []
        for path in paths:
            samples = whisper.pad_or_trim(soundfile.read(path, dtype="float32")[0])
            texts.append(whisper.decode(model, whisper.log_mel_spectrogram(samples), options).text.strip())
        return texts

    return work


def faster(folder: Path, paths: list[str], kind: str) -> Callable[[], Texts]:
    """faster-whisper; the merged folder is converted first, and that counts."""
    import shutil  # noqa: PLC0415

    from ctranslate2.converters import TransformersConverter  # noqa: PLC0415
    from faster_whisper import WhisperModel  # noqa: PLC0415

    def work() -> Texts:
        target = folder / f"ct2-{kind}"
        shutil.rmtree(target, ignore_errors=True)
        copied = ["tokenizer.json", "preprocessor_config.json"]
        there = [name for name in copied if (folder / "merged" / name).exists()]
        TransformersConverter(str(folder / "merged"), copy_files=there).convert(str(target), quantization=kind)
        model = WhisperModel(str(target), device="cpu", compute_type=kind)
        texts = []
        for path in paths:
            parts, _ = model.transcribe(path, language="en", beam_size=1, temperature=0, without_timestamps=True,
                                        no_speech_threshold=None, log_prob_threshold=None,
                                        condition_on_previous_text=False)  # fmt: skip
            texts.append(" ".join(part.text.strip() for part in parts))
        return texts

    return work


if __name__ == "__main__":
    main()
