"""Any text is a formula or is refused with a caret: no other exception, no hang, no code that runs."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from . import formulas as hostile

HUGE = {
    "exponent of one term": "y ~ (a)^99999999",
    "nested exponents": "y ~ ((((a)^9999)^9999)^9999)",
    "exponent of many": f"y ~ ({' + '.join(f'x{i}' for i in range(30))})^50",
    "products": "y ~ " + "*".join(f"x{i}" for i in range(60)),
    "products in bars": "y ~ " + " + ".join(f"(a*b*c*d*e*f*h*i*j*k | g{i})" for i in range(300)),
    "products of groups": "y ~ " + " + ".join(f"(1 | a{i}*b*c*d*e*f*h*i*j*k)" for i in range(300)),
    "nested groups": "y ~ (1 | " + "/".join(f"g{i}" for i in range(2000)) + ")",
    "operations": "y ~ I(" + "+".join(["x"] * 5000) + ")",
    "signs": "y ~ I(" + "-" * 9000 + "x)",
    "powers": "y ~ I(" + "x^" * 5000 + "x)",
    "digits": "y ~ I(x + " + "9" * 15_000 + ")",
    "parentheses": "y ~ " + "(" * 9000 + "x" + ")" * 9000,
    "text": "y ~ " + "x + " * 1_000_000 + "x",
}
LARGE = {
    "sum": "y ~ " + " + ".join(f"x{i}" for i in range(2000)),
    "signs": "y ~ " + "-" * 15_000 + "x",
    "bars": "y ~ " + " + ".join(f"(1 | g{i})" for i in range(1500)),
}


@pytest.fixture(scope="module", autouse=True)
def watched() -> None:
    hostile.watch()


@settings(max_examples=1000, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(hostile.FORMULAS)
def test_any_text_is_parsed_or_refused_with_a_caret(text: str) -> None:
    assert hostile.verdict(text) in ("parsed", "refused")


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_what_would_take_forever_is_refused(text: str) -> None:
    assert hostile.verdict(text) == "refused"


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_what_is_only_long_is_parsed(text: str) -> None:
    assert hostile.verdict(text) == "parsed"


@pytest.mark.parametrize(
    "text",
    [
        "y ~ \x1b[31m",
        "y ~ `\ud800` + $",
        "y ~ \u202ex + $",
        "y ~\r\n x + $",
        "y ~ C(f, Treatment('b\n')) + (1 | g)",
    ],
)
def test_a_message_can_be_printed(text: str) -> None:
    assert hostile.verdict(text) == "refused"
    with pytest.raises(hostile.FormulaError) as caught:
        hostile.parse_formula(text)
    str(caught.value).encode()
    assert str(caught.value).splitlines()[1].isprintable()


def test_code_that_runs_is_noticed() -> None:
    with pytest.raises(hostile.CodeRanError), hostile.without_code():
        exec("1 + 1")
