"""Formulas that nobody should write, and what may become of them."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import strategies as st

from bayesmixed.errors import FormulaError
from bayesmixed.formula import parse_formula

SECONDS = 20
"""Time after which a formula counts as a hang; the slowest of 20,000 characters takes two seconds."""

WITHOUT_PLACE = ("no '~'", "is the limit")
"""Complaints about the whole formula, under which no caret can stand."""

FORBIDDEN = ("exec", "open", "os.", "subprocess.", "socket.", "ctypes.", "shutil.", "import")
"""Audit events that no formula may cause once everything is imported."""

GOOD = (
    "y ~ x + (1 | g)",
    "y ~ x*z + (x || g) + (1 | h)",
    "log(y) ~ poly(x, 2) + (1 | a/b)",
    "y ~ scale(x) + offset(log(n)) + (0 + x | g)",
    "cbind(s, f) ~ C(f, contr.sum) + (1 | factor(g))",
    "y ~ I(x^2) + bs(z, df=4, knots=c(1, 2)) + diag(x | g)",
    "`my y` ~ (a + b + c)^2 - a:b + (1 | `the group`)",
    "use == 'Y' ~ a %in% b + {x + 1} + us(1 + x | g)",
    "y ~ round(x, 2) + C(f, Treatment(reference='b')) + (1 | g)",
)
PIECES = (
    *("y", "x", "g", "f", "1", "0", "2.5", "1e999", "9" * 40, " ~ ", " + ", " - ", "*", "/", ":", "^", "**"),
    *(
        "|",
        "||",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        ",",
        "=",
        "==",
        "<",
        "%in%",
        "%%",
        "%/%",
        ".",
        "$",
        "\\",
        "\n",
    ),
    *("log(", "I(", "us(", "diag(", "cs(", "offset(", "C(", "c(", "bs(", "poly(x, 2)", "factor(", "prop("),
    *("`a b`", "`", "'s'", "'", '"', "#", "lambda", "if", "None", "TRUE", "__import__", "é", "²", "\x00"),
    *("\u202e", "\ud800", "😀", "^99999999", "(1 | g)", "__class__", "eval(", "np.load(", "os.system('ls')"),
    *(
        ":=",
        "*x",
        "**z",
        "@",
        "!",
        ";",
        "x for x in y",
        "f'{x}'",
        "(x)",
        "^2",
        "df=1000000000",
        "degree=9999",
    ),
)
NAMES = st.sampled_from(["x", "z", "f", "my.x", "`a b`", "_x", "if", "é"])
OPERATORS = st.sampled_from([" + ", " - ", "*", ":", "/", " %in% ", "^2 + ", " + 0 + ", "^50 + "])
FUNCTIONS = st.sampled_from(["log", "scale", "I", "factor", "poly", "C", "bs", "offset", "nothing", ""])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, OPERATORS, inner).map("".join),
        st.tuples(FUNCTIONS, inner).map(lambda parts: f"{parts[0]}({parts[1]})"),
    )


TERMS = st.recursive(NAMES, _grown, max_leaves=12)
BARS = st.tuples(TERMS, st.sampled_from(["|", "||"]), TERMS).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
GRAMMAR = st.tuples(st.one_of(NAMES, TERMS), TERMS, st.lists(BARS, max_size=3)).map(
    lambda parts: " + ".join([f"{parts[0]} ~ {parts[1]}", *parts[2]])
)
SOUP = st.lists(st.sampled_from(PIECES), max_size=16).map("".join)
LONG = st.tuples(st.sampled_from(PIECES), st.integers(1, 4000), st.sampled_from(PIECES)).map(
    lambda parts: f"y ~ {parts[0] * parts[1]}{parts[2]}"[:21_000]
)
NESTED = st.tuples(st.sampled_from(["(", "log(", "(a*", "((a+b)^", "(1|", "I(-"]), st.integers(1, 60)).map(
    lambda parts: f"y ~ {parts[0] * parts[1]}x{')' * parts[1]}"
)


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """A good formula in which pieces are cut out, doubled or put in."""
    text = draw(st.sampled_from(GOOD))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 6)))
        text = text[:start] + draw(st.sampled_from((*PIECES, "", text[start:end] * 2))) + text[end:]
    return text


FORMULAS = st.one_of(
    st.text(max_size=40),
    st.text(max_size=20).map(lambda text: f"y ~ x + ({text} | g)"),
    SOUP,
    SOUP.map(lambda text: f"y ~ {text} + (1 | g)"),
    GRAMMAR,
    mutations(),
    mutations(),
    st.one_of(LONG, NESTED),
)


class HangError(Exception):
    """A call took longer than it may."""


class CodeRanError(Exception):
    """Parsing a formula did what only a program may do."""


_watching = False


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event.startswith(FORBIDDEN):
        raise CodeRanError(f"{event}{arguments}"[:200])


@contextmanager
def in_time(seconds: int = SECONDS) -> Iterator[None]:
    """Raise `HangError` when the body takes too long."""

    def expired(*_: object) -> None:
        raise HangError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, expired)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def without_code() -> Iterator[None]:
    """Raise `CodeRanError` when the body executes code, opens files or starts programs."""
    global _watching
    _watching = True
    try:
        yield
    finally:
        _watching = False


def watch() -> None:
    """Begin to listen; every import that parsing needs is made before."""
    for text in (*GOOD, "y ~ '", "y ~ x^2 + lgo(x)", "y ~ " + "x*" * 20 + "x"):
        verdict(text)
    sys.addaudithook(_audit)


def verdict(text: str) -> str:
    """What became of a formula: ``"parsed"`` or ``"refused"``; anything else is raised."""
    try:
        with in_time(), without_code():
            parsed = parse_formula(text)
    except FormulaError as error:
        _check_message(error, text)
        return "refused"
    assert parsed.text == text
    return "parsed"


def _check_message(error: FormulaError, text: str) -> None:
    if error.position is None:
        assert any(words in error.message for words in WITHOUT_PLACE), error.message
        return
    assert 0 <= error.position < len(text), error.message
    lines = str(error).splitlines()
    assert lines[2] == " " * (error.position + 2) + "^", lines
    assert len(lines[1]) == len(text) + 2
