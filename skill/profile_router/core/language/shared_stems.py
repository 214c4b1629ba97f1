"""Find many words in a text at once: those that share a stem are looked for where it stands. Pure, linear."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

Sharing = Mapping[str, tuple[tuple[str, int], ...]]  # a stem, and words with where the stem stands in them


@dataclass(frozen=True, slots=True)
class SharedStems:
    """Words by the stem that each holds; one without a shared stem is its own."""

    sharing: Sharing

    @classmethod
    def of(cls, words: Iterable[str], stems: Iterable[str]) -> SharedStems:
        """Sort *words* by the first of *stems* that stands in each."""
        shared = tuple(stems)
        found: dict[str, list[tuple[str, int]]] = {}
        for word in words:
            stem = next((stem for stem in shared if stem in word), word)
            found.setdefault(stem, []).append((word, word.index(stem)))
        return cls({stem: tuple(sorted(places)) for stem, places in found.items()})

    def places(self, text: str) -> Iterator[tuple[str, int]]:
        """Yield each of the words wherever it stands in *text*, with its place, in no order."""
        for stem, words in self.sharing.items():
            at = text.find(stem)
            while at >= 0:
                for word, ahead in words:
                    if at >= ahead and text.startswith(word, at - ahead):
                        yield word, at - ahead
                at = text.find(stem, at + 1)
