"""Right sides of bars."""

from __future__ import annotations

import pytest

from bayesmixed.formula.bars import expand_group
from bayesmixed.formula.scan import scan

CASES = {
    "g": "g",
    "a/b/c": "a a:b a:b:c",
    "a*b": "a b a:b",
    "a:b": "a:b",
    "(a:b)/c": "a:b a:b:c",
    "a/factor(b)": "a a:factor(b)",
    "`the group`/`a part`": "the group the group:a part",
}


@pytest.mark.parametrize(("text", "groups"), CASES.items())
def test_expansion(text: str, groups: str) -> None:
    assert " ".join(term.name for term in expand_group(scan(text), text)) == groups
