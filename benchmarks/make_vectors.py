"""Distils the static word vectors that ship with the matcher (`bot/core/matching/data/vectors.npy`).

Each whole word of the WordPiece list goes through the sentence model alone; the results are centred, reduced to 128
dimensions (principal components, dampened by the square root of their size), made of length 1 and stored as bytes.
The idea is that of Model2Vec (Minish Lab, 2024). Needs the `semantic` extra; takes half a minute. Deterministic on one
machine; another may round a value differently.
"""

import numpy as np

from bot.core.matching.english import VECTORS, WORDPIECE, english_words
from bot.core.matching.semantic import find_model

DIMENSIONS = 128


def main() -> None:
    words = english_words()
    model = find_model()
    if model is None:
        raise SystemExit("This needs the extra: pip install '.[semantic]'")
    vectors = model.embed(words)
    centred = vectors - vectors.mean(axis=0)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    reduced = centred @ directions[:DIMENSIONS].T / np.sqrt(sizes[:DIMENSIONS] / sizes[0])
    directed = reduced / np.linalg.norm(reduced, axis=1, keepdims=True)
    np.save(VECTORS, np.round(directed * (127 / np.abs(directed).max())).astype(np.int8))
    print(f"{len(words)} words of {WORDPIECE.name} → {VECTORS.name}, {VECTORS.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
