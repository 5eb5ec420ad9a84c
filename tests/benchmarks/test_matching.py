"""`benchmarks/matching.py`: what it says follows from what was answered, and every part of it runs.

On a made-up set of a few phrasings; nothing here says how fast or how right anything is.
"""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks import matching
from benchmarks._matching_accuracy import Answer, Answers, Remembering, ask_rival, auroc, rate
from benchmarks._matching_hostile import LENGTH, hostile_texts
from benchmarks._matching_measures import HOSTILE_KINDS, MEASURES, OURS, WHO, full_key
from benchmarks._matching_report import listing, section
from benchmarks._matching_rivals import NEED_MODEL, RIVALS
from benchmarks._matching_tasks import Asked, few, make_task, thinned
from benchmarks._matching_trial import Sizes
from benchmarks._matching_typos import all_typed_badly, typed_badly
from benchmarks._readme import README, put
from bot.core.matching.spelling import Spellings
from bot.core.matching.training import Line
from bot.model import Decision

OPENING = ("when do you open", "are you open on sunday", "opening times please")
PARKING = ("where can i park", "is there a car park", "parking for my car")
PRICE = ("how much is it", "what does it cost", "price of a session")
TINY = Sizes(
    seeds=2,
    ks=(10,),
    has_clinc=True,
    every=1,
    who=tuple(name for name in WHO if name not in NEED_MODEL),
    rounds=1,
    phrasings=120,
    faq_lines=120,
    hostile_rounds=1,
)


def yes(*best: str) -> Answer:
    return Answer(best, Decision.ANSWER)


def perhaps(*best: str) -> Answer:
    return Answer(best, Decision.ASK)


def no(*best: str) -> Answer:
    return Answer(best, Decision.HAND_OVER)


def letters(texts: Sequence[str]) -> NDArray[np.float32]:
    """A model of sorts: which letters a text has."""
    rows = np.array([[text.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts], np.float32)
    directed: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return directed


def test_what_is_right_helped_and_wrong_is_counted_as_the_judge_counts() -> None:
    asked = [Asked("1", frozenset("a")), Asked("2", frozenset("ab")), Asked("3", frozenset("c"))]
    asked += [Asked("4", frozenset("d")), Asked("5", frozenset()), Asked("6", frozenset())]
    answers = [yes("a"), yes("b", "a"), yes("a", "c"), perhaps("a", "b", "d"), yes("a"), no("a")]
    found = rate(asked, Answers(answers, [np.array([0.9, 0.8, 0.7, 0.4, 0.6, 0.1])]))
    assert found == {
        "top1": 50,
        "top3": 100,
        "auroc": 0.875,
        "answered": 75,
        "wrong": pytest.approx(100 / 3),
        "helped": 75,
        "out_of_scope_answered": 50,
    }


def test_the_right_entry_under_no_button_helps_nobody() -> None:
    assert rate([Asked("1", frozenset("a"))], Answers([no("a")], [np.ones(1)]))["helped"] == 0


@pytest.mark.parametrize(
    ("inside", "outside", "expected"),
    [
        pytest.param([2, 3], [0, 1], 1, id="told apart"),
        pytest.param([0, 1], [2, 3], 0, id="the wrong way round"),
        pytest.param([1, 1], [1, 1], 0.5, id="not told apart"),
        pytest.param([1, 3], [2], 0.5, id="half and half"),
    ],
)
def test_auroc_is_how_often_the_pair_stands_the_right_way(
    inside: list[float], outside: list[float], expected: float
) -> None:
    assert auroc(np.array(inside, float), np.array(outside, float)) == expected


def test_a_rival_is_as_sure_as_is_best_for_it() -> None:
    asked = [Asked("1", frozenset("a")), Asked("2", frozenset())]
    answers = Answers([Answer("ab"), Answer("ab")], [np.array([0.1, 0.9]), np.array([0.9, 0.1])])
    assert rate(asked, answers) == {"top1": 100, "top3": 100, "auroc": 1}


@pytest.mark.parametrize("name", RIVALS)
def test_every_rival_finds_a_phrasing_it_has_learnt(name: str) -> None:
    ours = [*(Line("opening", text) for text in OPENING), *(Line("price", text) for text in PRICE)]
    lines = [*ours, *(Line("parking", text, is_ours=False) for text in PARKING)]
    rival = RIVALS[name](letters)
    asked = [Asked(OPENING[1], frozenset({"opening"})), Asked(PRICE[2], frozenset({"price"})), Asked("", frozenset())]
    task = make_task("small", lines, asked, Spellings({}, frozenset()))
    asked_texts = [[one.text or PARKING[0] for one in asked]]
    (found,) = ask_rival(rival, task, asked_texts)
    assert [answer.best[0] for answer in found.each[:2]] == ["opening", "price"]
    assert rate(asked, found)["auroc"] == 1
    assert [rival.decide(text) for text in asked_texts[0]] == [0, 1, 2]


def test_a_rival_that_needs_the_model_says_so() -> None:
    with pytest.raises(ValueError, match="semantic"):
        RIVALS["minilm_knn_"](None)


def test_a_text_is_embedded_once() -> None:
    seen: list[str] = []

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        seen.extend(texts)
        return letters(texts)

    remembering = Remembering(embed)
    remembering(["a", "b", "a"])
    assert np.array_equal(remembering(["b", "c"]), letters(["b", "c"]))
    assert seen == ["a", "b", "c"]


def test_a_seed_chooses_the_phrasings() -> None:
    train = [(f"{entry} {number}", entry) for entry in "ab" for number in range(20)]
    first = few(train, 5, 0)
    assert [line.entry for line in first] == ["a"] * 5 + ["b"] * 5
    assert len(set(first)) == 10
    assert first == few(train, 5, 0) != few(train, 5, 1)


@pytest.mark.parametrize("size", [1, 3, 10, 11])
def test_thinned_lines_come_from_everywhere(size: int) -> None:
    lines = [Line(str(number), "words") for number in range(10)]
    chosen = thinned(lines, size)
    assert len(set(chosen)) == min(size, 10)
    assert chosen[0] == lines[0]


def test_an_entry_of_few_phrasings_is_not_answerable() -> None:
    lines = [*(Line("many", str(number)) for number in range(5)), *(Line("few", str(number)) for number in range(4))]
    assert make_task("t", lines, [], Spellings({}, frozenset())).answerable == {"many"}


def test_bad_typing_is_the_same_each_time_and_never_silence() -> None:
    text = "Could you tell me about my appointment tomorrow, please? " * 40
    typed = typed_badly(text, 1)
    assert typed == typed_badly(text, 1) != typed_badly(text, 2)
    assert {"abt", "appt", "pls", "about", "appointment"} <= set(typed.replace("?", "").replace(",", "").split())
    assert all(all_typed_badly(["a", "I", "no", "?"] * 50))


def test_hostile_texts_are_as_long_as_telegram_lets_through() -> None:
    texts = hostile_texts(1, ["can I run", "what does it cost"])
    assert {len(text) for text in texts.values()} == {LENGTH}
    assert len(set(texts.values())) == len(texts)
    assert texts == hostile_texts(1, ["can I run", "what does it cost"])


def test_no_name_can_be_taken_for_another() -> None:
    plain = [key for key in MEASURES if not key.endswith("_semantic")]
    full = [full_key(name, key) for key in plain for name in WHO]
    assert len(set(full)) == len(full)
    assert {full_key(name, key) for key in plain for name in OURS} == set(MEASURES)


def flat_of(figures: dict[str, float]) -> dict[str, str | float | bool]:
    about = ("cores", "cpu", "python", "system", "versions", "load_before", "took_s")
    return {**dict.fromkeys(about, "…"), "quick": False, "every": 1, "seeds": 5, **figures}


FOUND = flat_of(
    {
        "banking_k20_top1": 84.5,
        "banking_k20_top1_min": 83.5,
        "banking_k20_top1_max": 85.5,
        "banking_k20_top1_semantic": 88.5,
        "svc_banking_k20_top1": 82,
        "hostile_ms": 25,
        "hostile_one_word_ms": 25,
    }
)


def test_figures_stand_beside_what_they_have_to_reach() -> None:
    lines = section(FOUND).splitlines()
    assert "| Ours, core | 84.5 (83.5–85.5) |" in lines
    assert "| Ours, semantic | **88.5** (missed) |" in lines
    assert "| TF-IDF, LinearSVC | 82 |" in lines
    assert "| To reach, semantic | ≥ 89 |" in lines
    assert "| one word | 25 |" in lines


def test_what_misses_its_target_is_said_first() -> None:
    (verdict,) = [line for line in section(FOUND).splitlines() if "have something to reach" in line]
    assert verdict.startswith("Of 3 figures of ours that have something to reach, 1 reach it.")
    assert "`banking_k20_top1_semantic` (88.5; ≥ 89)" in verdict
    assert "`hostile_ms` (25; ≤ 20)" in verdict
    marks = {line.split()[0]: line for line in listing(FOUND).splitlines()}
    assert marks["banking_k20_top1"].endswith("met")
    assert marks["banking_k20_top1_semantic"].endswith("MISSED ≥ 89")
    assert marks["svc_banking_k20_top1"].endswith("%")


@pytest.mark.parametrize("quick", [True, False])
def test_a_quick_look_is_marked_as_one(quick: bool) -> None:
    assert ("quick run" in section(FOUND | {"quick": quick})) is quick


def test_each_benchmark_writes_its_own_part_of_the_page(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    marks = "<!-- {0}: written by {0}.py -->\n\nold {0}\n\n<!-- end of {0} -->\n"
    page.write_text(
        "By hand.\n\n" + marks.format("sending") + "\n" + marks.format("matching") + "\nThe end.\n", "utf-8"
    )
    put(page, "matching", "new\n")
    put(page, "matching", "newer\n")
    text = page.read_text("utf-8")
    assert "newer" in text
    assert "new\n" not in text
    assert "old matching" not in text
    assert "old sending" in text
    assert text.startswith("By hand.")
    assert text.endswith("The end.\n")
    with pytest.raises(ValueError, match="no place for 'broadcast'"):
        put(page, "broadcast", "words")


def test_the_page_has_a_place_for_each_part(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(README.read_text("utf-8"), "utf-8")
    for name in ("sending", "matching"):
        put(page, name, "words")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Files like the real ones, of three entries each."""
    folder = tmp_path / "data"
    (folder / "public").mkdir(parents=True)
    topics: list[dict[str, object]] = [{"text": "can i go for a run", "kind": "topic", "id": "running", "also_ok": []}]
    topics += [{"text": "who won the match", "kind": "none", "id": None, "also_ok": []}]
    topics += [{"text": "hello", "kind": "meta", "id": "greeting", "also_ok": []}]
    (folder / "topics_dev.jsonl").write_text("".join(json.dumps(one) + "\n" for one in topics), "utf-8")
    said = {"opening": OPENING, "parking": PARKING, "price": PRICE}
    rows = [(text, entry) for entry, texts in said.items() for text in texts]
    for name in ("banking_train.csv", "banking_test.csv"):
        with (folder / "public" / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("text", "category"), *rows])
    clinc = {"train": rows, "test": rows, "oos_test": [("who won the match", "oos")]}
    (folder / "public" / "clinc.json").write_text(json.dumps(clinc), "utf-8")
    return folder


@pytest.mark.slow
def test_a_run_gives_the_figures_the_design_names(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(matching, "QUICK", TINY)
    page = tmp_path / "README.md"
    page.write_text("<!-- matching: written by matching.py -->\n\n<!-- end of matching -->\n", "utf-8")
    monkeypatch.setattr(matching, "README", page)
    monkeypatch.setattr(matching, "PICTURE", tmp_path / "matching.png")
    assert matching.main([str(data), "--quick", "--readme", "--json", str(tmp_path / "out.json")]) == 0
    flat = json.loads((tmp_path / "out.json").read_text("utf-8"))
    topics = ("top1", "top3", "helped", "answered", "wrong", "out_of_scope_answered", "auroc")
    assert {f"topics_{key}" for key in topics} <= set(flat)
    public = ("banking_k10_top1", "banking_k10_top1_typos", "clinc_k10_top1", "clinc_k10_auroc", "clinc_k10_top3_typos")
    costs = ("decision_p50_ms", "decision_p99_ms", "hostile_ms", "ready_s", "rss_mb", "rss_peak_mb", "build_s")
    for name in TINY.who:
        assert {full_key(name, key) for key in (*public, *costs, "topics_top1")} <= set(flat)
    assert {f"hostile_{kind}_ms" for kind in HOSTILE_KINDS} <= set(flat)
    assert flat["seeds"] == 2
    assert flat["token_sort_banking_k10_top1"] == 100
    assert (tmp_path / "matching.png").is_file()
    assert "rapidfuzz WRatio" in page.read_text("utf-8")
    assert "topics_top1" in capsys.readouterr().out


def test_without_data_there_is_nothing_to_measure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        matching.main([str(tmp_path)])
    assert stopped.value.code == 2
    assert "topics_dev.jsonl" in capsys.readouterr().err
