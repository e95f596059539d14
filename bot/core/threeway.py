"""Three-way merge of one file, as git judges it: changes that touch or adjoin each other are a conflict."""

from __future__ import annotations


def merge_texts(base: str, ours: str, theirs: str) -> str | None:
    """The text with both sides' changes to `base`, or None where they conflict."""
    if ours in {base, theirs}:
        return theirs
    if theirs == base:
        return ours
    from merge3 import Merge3  # noqa: PLC0415 - needed only when a branch moved under a proposal

    sides = [text.split("\n") for text in (base, ours, theirs)]
    merged: list[str] = []
    for kind, *span in Merge3(sides[0], sides[1], sides[2]).merge_regions():
        if kind == "conflict":
            return None
        first, last = span[0], span[1]
        merged += (sides[2] if kind == "b" else sides[1] if kind in {"a", "same"} else sides[0])[first:last]
    return "\n".join(merged)
