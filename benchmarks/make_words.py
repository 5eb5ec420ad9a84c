"""Writes the checksums of the rarer English words that ship with the matcher (`bot/core/matching/data/words.npy`).

To be run after any change of `words.txt`, which stays the list to read and to edit.
"""

import numpy as np

from bot.core.matching.english import CHECKSUMS, RARER, checksums


def main() -> None:
    found = checksums()
    np.save(CHECKSUMS, found)
    print(f"{len(found)} checksums of {RARER.name} → {CHECKSUMS.name}, {CHECKSUMS.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
