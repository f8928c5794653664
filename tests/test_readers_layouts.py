"""Every reader on real speech in its corpus' documented layout: the same clips as in the plain manifest."""

import json

import pytest
import soundfile
from corpus_trees import (
    LAYOUTS,
    Clip,
    arranged,
    build_audiofolder,
    build_kaldi,
    build_kids,
    build_librispeech,
    build_manifest,
    build_myst,
    build_speechocean,
    build_table,
    copy,
    kids_clips,
    libri_clips,
    myst_clips,
    real_clips,
    write,
    write_sphere,
)
from material import sine

from explorer.__main__ import main
from explorer.audio import load_clip
from explorer.config import CorpusKind
from explorer.config_file import read_config
from explorer.corpora.open import READERS, open_corpus
from explorer.errors import AudioError
from explorer.hypotheses import HypothesisStore
from explorer.workbench import Workbench


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SA_MERGE_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def clips(speech) -> list[Clip]:
    return real_clips(speech)


def ids_of(corpus):
    return [utterance.id for utterance in corpus.utterances]


def heard(corpus):
    """Speaker, words and sound of every utterance."""
    return sorted(
        (utterance.speaker, utterance.reference.lower().rstrip("."), load_clip(utterance.path).digest)
        for utterance in corpus.utterances
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_gives_the_speakers_words_and_sounds_of_the_plain_manifest(tmp_path, clips, layout):
    members = LAYOUTS[layout].rename(clips)
    plain = open_corpus(arranged("plain", tmp_path / "plain", members))
    assert heard(open_corpus(arranged(layout, tmp_path / "tree", clips))) == heard(plain)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_ids_are_unique_and_all_there_is_to_say_is_what_was_built_in(tmp_path, clips, layout):
    corpus = open_corpus(arranged(layout, tmp_path / "tree", clips))
    assert len(set(ids_of(corpus))) == len(clips)
    assert all(problem.startswith("1 recordings have no transcript (.trn)") for problem in corpus.problems)
    assert len(corpus.problems) == (1 if "bare.flac" in {path.name for path in tmp_path.rglob("*")} else 0)


def test_every_kind_of_the_configuration_has_a_reader():
    assert tuple(READERS) == CorpusKind.__args__


def test_a_corpus_of_any_kind_can_stand_in_the_configuration(tmp_path, clips, tiny_config):
    root = build_myst(tmp_path / "myst", myst_clips(clips))
    text = tiny_config.read_text() + f"corpora:\n  - {{name: tutor, kind: myst, path: '{root}'}}\n"
    tiny_config.write_text(text)
    corpus = open_corpus("tutor", read_config(tiny_config).corpora)
    assert len(corpus.utterances) == len(clips)


# What each corpus tells beyond speaker, words and sound.


def by_id(corpus):
    return {utterance.id: utterance for utterance in corpus.utterances}


def test_myst_tells_split_session_school_module_and_part(tmp_path, clips):
    members = myst_clips(clips)
    corpus = open_corpus(f"myst:{build_myst(tmp_path, members)}")
    assert {utterance.split for utterance in corpus.utterances} == {"train", "development", "test"}
    first = by_id(corpus)["myst_990507_2014-02-27_09-29-01_WA_2.3_000"]
    assert first.split == "train"
    assert dict(first.extra) == {
        "session": "myst_990507_2014-02-27_09-29-01_WA_2.3",
        "school": "990",
        "module": "WA",
        "part": "2.3",
    }
    assert (first.age, first.gender, first.duration) == (None, None, None)


def test_one_partition_of_myst_can_be_opened_alone(tmp_path, clips):
    root = build_myst(tmp_path, myst_clips(clips))
    corpus = open_corpus(f"myst:{root / 'data' / 'test'}")
    assert {(utterance.speaker, utterance.split) for utterance in corpus.utterances} == {("013044", "test")}


def test_students_without_partitions_have_no_split(tmp_path, clips):
    root = build_myst(tmp_path, myst_clips(clips))
    (root / "data" / "train").rename(root / "all")
    corpus = open_corpus(f"myst:{root / 'all'}")
    assert {utterance.split for utterance in corpus.utterances} == {None}


def test_recordings_without_transcript_are_one_sentence(tmp_path, clips):
    root = build_myst(tmp_path, myst_clips(clips))
    session = next((root / "data" / "train").glob("*/*"))
    for number in range(1_200):
        (session / f"more_{number}.flac").touch()
    (problem,) = open_corpus(f"myst:{root}").problems
    assert problem == "1,201 recordings have no transcript (.trn) and are left out, for example bare."


@pytest.mark.parametrize("line", ["", "<NO_SIGNAL>", "(*)", "(()) <SILENCE>", "*", "...", "\u00a0", "<NO_SIGNAL"])
def test_a_transcript_without_words_is_left_out_and_counted(tmp_path, clips, line):
    members = myst_clips(clips)
    root = build_myst(tmp_path, members)
    next(root.rglob(f"{members[0].id}.trn")).write_text(f"{line}\nhello\n", encoding="utf-8")
    corpus = open_corpus(f"myst:{root}")
    assert members[0].id not in by_id(corpus)
    assert corpus.problems[1] == f"1 transcripts have no words but tags and are left out, for example {members[0].id}."


def test_flac_goes_before_the_wav_that_a_recipe_unpacked_beside_it(tmp_path, clips):
    members = myst_clips(clips)
    root = build_myst(tmp_path, members)
    for path in list(root.rglob("*.flac")):
        path.with_suffix(".wav").touch()
    corpus = open_corpus(f"myst:{root}")
    assert len(corpus.utterances) == len(members)
    assert {utterance.path.suffix for utterance in corpus.utterances} == {".flac"}


def test_cmu_kids_tells_age_gender_grade_bin_and_population(tmp_path, clips):
    corpus = open_corpus(f"cmu-kids:{build_kids(tmp_path, kids_clips(clips))}")
    first, second = corpus.utterances[:2]
    assert (first.id, first.age, first.gender, first.split) == ("fabm2aa1", clips[0].age, "f", None)
    known = {"bin": 1, "sentence": "2aa", "population": "SUM95", "grade": 2}
    assert dict(first.extra) == known | {"phones": 0, "noises": 2}
    assert dict(second.extra) == known | {"bin": 2, "sentence": "2ab", "phones": 1, "noises": 1}
    assert by_id(corpus)["mjsd2ad1"].extra["population"] == "FP"


def test_the_prompt_and_what_was_said_are_two_references(tmp_path, clips):
    root = build_kids(tmp_path, kids_clips(clips))
    prompt, spoken = (open_corpus(f"{kind}:{root}").utterances[0] for kind in ("cmu-kids", "cmu-kids-spoken"))
    assert prompt.reference == clips[0].text.capitalize() + "."
    assert spoken.reference == clips[0].text.upper()


def test_what_was_said_is_in_the_table_where_the_files_are_not(tmp_path, clips):
    members = kids_clips(clips)
    root = build_kids(tmp_path, members)
    for path in root.rglob("*.trn"):
        path.unlink()
    found = open_corpus(f"cmu-kids-spoken:{root}").utterances
    assert {u.id: u.reference for u in found} == {clip.id: clip.text.upper() for clip in members}


def test_a_prompt_needs_no_transcript_but_what_was_said_does(tmp_path, clips):
    members = kids_clips(clips)
    root = build_kids(tmp_path, members)
    (root / "tables/transcrp.tbl").unlink()
    next(root.rglob(f"{members[0].id}.trn")).unlink()
    prompt, spoken = (open_corpus(f"{kind}:{root}") for kind in ("cmu-kids", "cmu-kids-spoken"))
    assert len(prompt.utterances) == len(members)
    assert "phones" not in prompt.utterances[0].extra
    assert len(spoken.utterances) == len(members) - 1
    assert spoken.problems == ("1 recordings have no words to compare with and are left out, for example fabm2aa1.",)


def test_a_grade_or_age_that_is_not_known_is_not_there(tmp_path, clips):
    root = build_kids(tmp_path, kids_clips(clips))
    table = root / "tables/speaker.tbl"
    table.write_text(table.read_text().replace(f"fabm\tSUM95\t2/{clips[0].age}", "fabm\tSUM95\tNA/NA"))
    first = open_corpus(f"cmu-kids:{root}").utterances[0]
    assert first.age is None
    assert "grade" not in first.extra


def test_the_authors_layout_of_cmu_kids_takes_prompts_from_tables_beside_it(tmp_path, clips):
    members = kids_clips(clips)
    root = build_myst(tmp_path, members)
    write(root / "tables/sentence.tbl", "".join(f"{clip.id[4:7]}\t1\tPrompt {clip.id}\n" for clip in members))
    prompt, spoken = (by_id(open_corpus(f"{kind}:{root}")) for kind in ("cmu-kids", "cmu-kids-spoken"))
    first = members[0]
    assert prompt[first.id].reference == f"Prompt {first.id}"
    assert spoken[first.id].reference == first.text
    assert (prompt[first.id].split, prompt[first.id].extra["bin"]) == ("train", 1)


def test_a_sphere_file_packed_with_shorten_is_one_sentence_that_names_sph2pipe(tmp_path):
    path = tmp_path / "fabm2ag1.sph"
    write_sphere(path, sine(300, 0.5, 16_000) * 32_000, 16_000, "pcm,embedded-shorten-v2.00")
    with pytest.raises(AudioError, match=r"^fabm2ag1\.sph: .*shorten.*sph2pipe") as caught:
        load_clip(path)
    assert "\n" not in str(caught.value)


def test_a_sphere_file_that_is_broken_otherwise_is_not_said_to_be_packed(tmp_path):
    path = tmp_path / "a.sph"
    path.write_bytes(b"NIST_1A\n   1024\nend_head\n".ljust(1024))
    with pytest.raises(AudioError, match="cannot be read as audio"):
        load_clip(path)


def test_little_and_big_endian_sphere_sound_the_same(tmp_path):
    samples = (sine(300, 0.5, 16_000) * 32_000).astype("int16")
    write_sphere(tmp_path / "big.sph", samples, 16_000)
    soundfile.write(tmp_path / "little.sph", samples, 16_000, format="NIST", subtype="PCM_16")
    assert load_clip(tmp_path / "big.sph").digest == load_clip(tmp_path / "little.sph").digest


def test_speechocean_tells_split_age_and_gender(tmp_path, clips):
    corpus = open_corpus(f"speechocean762:{build_speechocean(tmp_path, clips)}")
    for utterance, clip in zip(corpus.utterances, clips, strict=True):
        split = "test" if clip.speaker == clips[-1].speaker else "train"
        found = (utterance.id, utterance.speaker, utterance.age, utterance.gender, utterance.split)
        assert found == (clip.id, clip.speaker, clip.age, clip.gender, split)


def test_one_split_of_speechocean_is_enough(tmp_path, clips):
    root = build_speechocean(tmp_path, clips)
    (root / "train/wav.scp").unlink()
    assert {utterance.split for utterance in open_corpus(f"speechocean762:{root}").utterances} == {"test"}


def test_librispeech_tells_split_chapter_and_gender(tmp_path, clips):
    members = libri_clips(clips)
    corpus = open_corpus(f"librispeech:{build_librispeech(tmp_path, members)}")
    first, last = corpus.utterances[0], corpus.utterances[-1]
    assert (first.split, first.gender, dict(first.extra)) == ("dev-clean", members[0].gender, {"chapter": "128104"})
    assert last.split == "test-other"


def test_one_split_of_librispeech_can_be_opened_alone(tmp_path, clips):
    root = build_librispeech(tmp_path, libri_clips(clips))
    corpus = open_corpus(f"librispeech:{root / 'test-other'}")
    assert {(u.split, u.speaker, u.gender) for u in corpus.utterances} == {("test-other", "2035", clips[-1].gender)}


def test_kaldi_tells_age_gender_duration_and_split(tmp_path, clips):
    corpus = open_corpus(f"kaldi:{build_kaldi(tmp_path, clips, flat=False)}")
    first = corpus.utterances[0]
    assert (first.age, first.gender, first.split) == (clips[0].age, clips[0].gender, "test")
    assert first.duration == pytest.approx(soundfile.info(clips[0].source).duration, abs=1e-3)


def test_a_text_of_kaldi_may_be_empty(tmp_path, clips):
    root = build_kaldi(tmp_path, clips)
    write(root / "text", "".join(f"{clip.id}\n" for clip in clips))
    assert {utterance.reference for utterance in open_corpus(f"kaldi:{root}").utterances} == {""}


def test_an_audiofolder_has_its_splits_and_ids_that_do_not_clash(tmp_path, clips):
    root = build_audiofolder(tmp_path, clips)
    for split in ("train", "test"):
        copy(clips[0], root / split / "same.wav")
        with (root / split / "metadata.jsonl").open("a") as stream:
            stream.write(json.dumps({"file_name": "same.wav", "transcription": "same"}) + "\n")
    corpus = open_corpus(f"audiofolder:{root}")
    same = {u.id: (u.speaker, u.split) for u in corpus.utterances if u.reference == "same"}
    assert same == {"train/same.wav": ("train/same.wav", "train"), "test/same.wav": ("test/same.wav", "test")}


def test_an_audiofolder_with_one_table_takes_the_split_from_the_folders(tmp_path, clips):
    for split, clip in zip(("train", "validation"), clips, strict=False):
        copy(clip, tmp_path / f"data/{split}/{clip.id}.wav")
    rows = [
        f"data/{split}/{clip.id}.wav,{clip.text}" for split, clip in zip(("train", "validation"), clips, strict=False)
    ]
    write(tmp_path / "metadata.csv", "\n".join(["file_name,sentence", *rows]))
    assert [u.split for u in open_corpus(f"audiofolder:{tmp_path}").utterances] == ["train", "validation"]


def test_a_manifest_may_state_the_split(tmp_path, clips):
    root = build_manifest(tmp_path, clips[:1])
    row = json.loads((root / "metadata.jsonl").read_text())
    write(root / "metadata.jsonl", json.dumps(row | {"split": "dev"}))
    (utterance,) = open_corpus(f"manifest:{root}").utterances
    assert (utterance.split, dict(utterance.extra)) == ("dev", {})


def test_a_table_keeps_its_other_columns_numbers_as_numbers(tmp_path, clips):
    first = open_corpus(f"table:{build_table(tmp_path / 'a.csv', clips)}").utterances[0]
    assert (first.id, first.age, first.gender) == (f"clips/{clips[0].id}.flac", clips[0].age, clips[0].gender)
    assert dict(first.extra) == {"grade": 2, "seat": "00"}


def test_a_table_may_be_written_by_a_spreadsheet(tmp_path, clips):
    copy(clips[0], tmp_path / "a.flac")
    text = '\ufefffile;transcript;speaker;split\r\n"a.flac";"two\nlines; and ""quotes""";;test\r\n;;;\r\n'
    write(tmp_path / "a.csv", text)
    (utterance,) = open_corpus(f"table:{tmp_path / 'a.csv'}").utterances
    assert utterance.reference == 'two\nlines; and "quotes"'
    assert (utterance.speaker, utterance.split) == ("a.flac", "test")


def test_a_table_may_name_audio_elsewhere_by_its_whole_path(tmp_path, clips):
    write(tmp_path / "a.tsv", f"path\ttext\n{clips[0].source}\thello\n")
    (utterance,) = open_corpus(f"table:{tmp_path / 'a.tsv'}").utterances
    assert utterance.path == clips[0].source


def test_links_to_audio_are_followed_in_trees_and_refused_in_manifests_when_they_lead_out(tmp_path, clips):
    members = myst_clips(clips)
    root = build_myst(tmp_path / "myst", members)
    for path in root.rglob("myst*.flac"):
        moved = tmp_path / path.name
        path.rename(moved)
        path.symlink_to(moved)
    assert len(open_corpus(f"myst:{root}").utterances) == len(members)
    plain = build_manifest(tmp_path / "plain", members[:2])
    (plain / f"{members[0].id}.flac").unlink()
    (plain / f"{members[0].id}.flac").symlink_to(moved)
    (problem,) = open_corpus(f"manifest:{plain}").problems
    assert "outside the corpus folder" in problem


# As an evaluation sees them.


@pytest.fixture
def evaluated(monkeypatch, capsys):
    """Evaluate a corpus with ``python -m explorer`` on a workbench that remembers nothing it has heard."""

    def running(workbench, corpus, *options):
        monkeypatch.setattr("explorer.__main__.Workbench", lambda *_: workbench)
        assert main(["evaluate", "--corpus", corpus, "--device", "cpu", "--json", *options]) == 0
        return json.loads(capsys.readouterr().out)

    return running


@pytest.mark.parametrize("layout", ["myst", "cmu-kids", "cmu-kids, what was said"])
def test_a_tree_evaluates_to_the_rates_of_the_plain_manifest(
    tmp_path, clips, tiny_config, tiny_workbench, evaluated, layout
):
    options = ("--models", "m1,merge,m2", "--max-new-tokens", "3", "--config", str(tiny_config))
    plain, tree = (
        evaluated(tiny_workbench, arranged(name, tmp_path / name, members), *options)
        for name, members in (("plain", LAYOUTS[layout].rename(clips)), (layout, clips))
    )
    assert tree["models"] == plain["models"]
    assert sorted(tree["ids"]) == sorted(plain["ids"])


PAIR = ("--models", "m1,merge")


@pytest.fixture(scope="module")
def said(speech):
    """Eight clips of four children."""
    return real_clips(speech, speakers=4, each=2)


@pytest.fixture
def remembering(real_config, tmp_path):
    """Real weights, and a memory of their own: a clip that sounds the same to the last bit is decoded once."""
    workbench = Workbench(real_config, "cpu", HypothesisStore(tmp_path / "store"))
    yield workbench
    workbench.store.close()


@pytest.mark.slow
def test_every_layout_gives_real_models_what_the_plain_manifest_gives(tmp_path, said, remembering, evaluated):
    """Window cut to the clip, M1 and the merge: S, D and I, intervals and verdicts."""
    names = {chosen.rename for chosen in LAYOUTS.values()}
    plain = {
        rename: evaluated(remembering, arranged("plain", tmp_path / f"plain {place}", rename(said)), *PAIR)
        for place, rename in enumerate(names)
    }
    for document in plain.values():
        assert (document["decoding"]["window"], document["utterances"], document["speakers"]) == ("fit", 8, 4)
        assert all(0 < model["wer"] < 1 for model in document["models"].values())
    for layout, chosen in LAYOUTS.items():
        found = evaluated(remembering, arranged(layout, tmp_path / layout, said), *PAIR)
        assert (layout, found["models"]) == (layout, plain[chosen.rename]["models"])
        assert len(found["ids"]) == 8
    assert remembering.store.count() == 2 * 8


def test_opening_decodes_nothing(tmp_path, clips, monkeypatch):
    names = [arranged(layout, tmp_path / layout, clips) for layout in LAYOUTS]
    monkeypatch.setattr(soundfile, "SoundFile", None)
    assert all(len(open_corpus(name).utterances) == len(clips) for name in names)
