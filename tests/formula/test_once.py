"""A formula is read once: from the call to the printed table and to predictions of new rows."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

import bayesmixed as bm
from bayesmixed.formula import named, scan

FORMULAS = [
    "Reaction ~ Days + (Days | Subject)",
    "log(Reaction) ~ I(Days^2)*Days + offset(log(Days + 1)) + (scale(Days) | Subject)",
]


ASKED = "theta"
"""What `varcorr` asks for as a user would: all parameters but the coefficients."""


def counted(monkeypatch: pytest.MonkeyPatch, function: Callable[..., Any]) -> Counter[object]:
    """Texts that a function is called with, wherever it was imported to."""
    seen: Counter[object] = Counter()

    def counting(text: object, *args: Any, **options: Any) -> Any:
        seen[text] += 1
        return function(text, *args, **options)

    for module in [each for name, each in sys.modules.items() if name.startswith("bayesmixed")]:
        for name, value in vars(module).copy().items():
            if value is function:
                monkeypatch.setattr(module, name, counting)
    return seen


@pytest.mark.parametrize("formula", FORMULAS)
def test_from_lmer_to_the_printed_table_and_new_rows(formula: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bm.load_dataset("sleepstudy")
    bm.lmer("Reaction ~ 1 + (1 | Subject)", data, method="reml").predict()  # loads what is loaded when used
    scanned = counted(monkeypatch, scan.scan)
    names = counted(monkeypatch, named.read_name)
    parsed: Counter[str] = Counter()
    parse_code = ast.parse

    def parsing(code: Any, *args: Any, **options: Any) -> Any:
        if sys._getframe(1).f_globals["__name__"].startswith("bayesmixed"):
            parsed[code] += 1
        return parse_code(code, *args, **options)

    monkeypatch.setattr(ast, "parse", parsing)
    fit = bm.lmer(formula, data, method="reml")
    for table in (fit, fit.fixef(), fit.ranef(), fit.varcorr(), fit.predict(data.head(20))):
        assert str(table)
    assert {text: count for text, count in scanned.items() if text != ASKED} == {formula: 1}
    assert set(names) <= {ASKED, ""}
    assert all(count == 1 for count in parsed.values())
