"""What ships beside the word lists says the same as they do."""

import numpy as np

from bot.core.matching.english import CHECKSUMS, RARER, VECTORS, checksums, english, english_words


def test_the_checksums_are_those_of_the_list() -> None:
    assert np.array_equal(np.load(CHECKSUMS), checksums()), "run benchmarks/make_words.py"


def test_every_word_of_either_list_is_known() -> None:
    known = english()
    rarer = RARER.read_text("ascii").split()
    assert all(known.knows(word) for word in (*english_words(), *rarer[::100]))
    assert not any(known.knows(word) for word in ("sorness", "brusing", "needlign", "qxqx"))


def test_each_frequent_word_has_its_vector() -> None:
    assert len(np.load(VECTORS, mmap_mode="r")) == len(english_words())
