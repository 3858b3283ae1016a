"""One model spelled in many ways, by formula and by the names that its user writes: it answers the same."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st

import bayesmixed as bm
from bayesmixed.errors import BayesmixedError
from bayesmixed.fits.reml_fit import reml_fit
from bayesmixed.formula.expression import CONSTANTS, CONTRASTS
from bayesmixed.formula.scan import Token, scan

from .answers import Asked, answer, check_same
from .renamings import PLAIN, VERBS, Model, data, plain_answer, refitted, sampled, stated

FUNCTIONS = {
    "log": ("log", "np.log", "numpy.log"),
    "factor": ("factor", "as.factor"),
    "Treatment": ("Treatment", "contr.treatment"),
    "C": ("C",),
}
OPERATORS = {"^": ("^", "**"), "**": ("^", "**")}
TOP_LEVEL = re.compile(r"[(\[{]|[)\]}]|[:,]|`[^`]*`|'[^']*'|\"[^\"]*\"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A formula, term by term; the order within a term is free."""

    fixed: tuple[str, ...]
    bars: tuple[tuple[tuple[str, ...], str], ...]
    family: str = "gaussian"


MODELS = (
    Parts(fixed=("{x}", "{z}", "{x}:{z}"), bars=((("1", "{x}", "{z}", "{z}:{x}"), "{g}"),)),
    Parts(
        fixed=("{h}", "{f}", "{x}", "{h}:{f}", "{x}:{f}"),
        bars=((("1", "{h}:{x}"), "{g}"), (("1",), "factor({k})")),
    ),
    Parts(
        fixed=("log({w} + 1)", "I({z}^2)", "{x}", "log({w} + 1):{x}"),
        bars=((("1", "log({w} + 1)"), "{k}"), (("1",), "{g}:{k}")),
    ),
    Parts(
        fixed=("C({f}, Treatment('q'))", "{x}", "C({f}, Treatment('q')):{x}", "scale({z})"),
        bars=((("0", "{x}", "scale({z})"), "{g}"),),
    ),
    Parts(fixed=("{h}", "{z}", "{h}:{z}"), bars=((("1", "{z}"), "{g}"),), family="t"),
)


def written(parts: Parts, spell: Callable[[str], str]) -> str:
    """Formula of the plain names, every term spelled; the order in a grouping factor says how levels are."""

    def spelled(text: str) -> str:
        return spell(text.format(**PLAIN))

    def factor(text: str) -> str:
        return ":".join(map(spelled, split(text, ":")))

    bars = [f"({' + '.join(map(spelled, effects))} | {factor(group)})" for effects, group in parts.bars]
    return f"{PLAIN['y']} ~ {' + '.join([*map(spelled, parts.fixed), *bars])}"


@cache
def model_of(parts: Parts) -> Model:
    """The model in its usual spelling, with letters in place of columns."""
    formula = written(parts, str)
    for letter, name in PLAIN.items():
        formula = formula.replace(name, f"{{{letter}}}")
    return Model(formula=formula, family=parts.family)


def split(text: str, mark: str) -> list[str]:
    """Parts of a text between marks that stand in no brackets and quotes."""
    depth, start, parts = 0, 0, []
    for found in TOP_LEVEL.finditer(text):
        if found.group() == mark and depth == 0:
            parts.append(text[start : found.start()])
            start = found.end()
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(found.group(), 0)
    return [*parts, text[start:]]


class Speller:
    """Spells names at random: blanks, quotes, backticks, names of functions, the order in interactions."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def term(self, text: str) -> str:
        """A term, or the name of one of its columns, e.g. ``"f[T.q]:x"``."""
        factors = split(text, ":")
        self.random.shuffle(factors)
        return f"{self._blank()}:{self._blank()}".join(map(self._factor, factors))

    def parameter(self, text: str) -> str:
        """A parameter: a term, or ``"sd_g[x]"``, ``"corr_g[Intercept, x]"`` and such."""
        kind = next((kind for kind in ("sd_", "corr_") if text.startswith(kind)), "")
        if text in ("sigma", "nu"):
            return text
        if not kind or not text.endswith("]"):
            return kind + self.term(text.removeprefix(kind))
        group, effects = text.removeprefix(kind)[:-1].split("[", 1)
        inside = [self.term(effect.strip()) for effect in split(effects, ",")]
        self.random.shuffle(inside)
        listed = f"{self._blank()},{self._blank()}".join(inside)
        return f"{kind}{self.term(group).strip()}{self._blank()}[{self._blank()}{listed}{self._blank()}]"

    def _factor(self, text: str) -> str:
        factor, bracket, part = text.partition("[") if text.endswith("]") else (text, "", "")
        tokens = scan(factor)
        pieces = [self._token(token, tokens[i + 1 : i + 2]) for i, token in enumerate(tokens)]
        spelled = self._blank().join(pieces)
        return f"{spelled}{self._blank() if bracket else ''}{bracket}{part}"

    def _token(self, token: Token, after: Sequence[Token]) -> str:
        called, choose = bool(after) and after[0].text == "(", self.random.choice
        match token.kind:
            case "name" if called:
                return choose(FUNCTIONS.get(token.text, (token.text,)))
            case "name" if token.text in PLAIN.values():
                return choose([token.text, f"`{token.text}`"])
            case "string":
                inside = token.text[1:-1]
                return choose([f"'{inside}'", f'"{inside}"'])
            case "operator":
                return choose(OPERATORS.get(token.text, (token.text,)))
        assert token.kind != "name" or token.text in {*CONSTANTS, *CONTRASTS, "Intercept"}, token
        return token.text

    def _blank(self) -> str:
        return self.random.choice(["", "", " ", "  "])


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """A model, the seed of its spellings, and the verbs that are asked."""

    parts: Parts
    seed: int
    verbs: tuple[tuple[str, str], ...]


@st.composite
def spellings(
    draw: st.DrawFn, verbs: int = 1, slow: bool = False, models: Sequence[Parts] = MODELS
) -> Spelling:
    """A model that is spelled at random."""
    parts = draw(st.sampled_from(models))
    kinds = ["posterior", *(["reml", *(["slow"] if slow else [])] if parts.family == "gaussian" else [])]
    every = [(kind, name) for kind in kinds for name in VERBS[kind]]
    asked = draw(st.lists(st.sampled_from(every), min_size=verbs, max_size=verbs, unique=True))
    return Spelling(parts=parts, seed=draw(st.integers(0, 2**32 - 1)), verbs=tuple(asked))


def verdict(example: Spelling) -> str:
    """``"same"``: what became of a spelling; anything else is raised, a refusal too."""
    speller, plain = Speller(example.seed), sampled(model_of(example.parts))
    formula = written(example.parts, speller.term)
    spec = bm.specify(formula, data(), family=example.parts.family)
    same = spelled_texts(plain.spec, spec)
    check_same(stated(plain.spec), stated(spec), same, formula)
    for kind, name in example.verbs:
        judged = name in ("print", "diagnostics")
        fit: Any = reml_fit(spec, "reml") if kind == "reml" else refitted(plain, spec, judged=judged)
        before = plain_answer(model_of(example.parts), kind, name)
        now = answer(VERBS[kind][name], Asked(fit=fit, words=PLAIN, spell=speller.parameter))
        if isinstance(now, BayesmixedError) and not isinstance(before, BayesmixedError):
            raise AssertionError(f"{formula}: {kind} {name} is refused") from now
        check_same(before, now, same, f"{formula}: {kind} {name}")
    return "same"


def spelled_texts(one: Any, other: Any) -> Callable[[str, str], bool]:
    """Whether a text is another one, each with the names in the spelling of its formula."""
    pairs = {one.design.formula.text: other.design.formula.text}
    pairs |= dict(zip(one.design.fixed.terms, other.design.fixed.terms, strict=True))
    for first, second in zip(one.design.blocks, other.design.blocks, strict=True):
        pairs |= {first.group: second.group, **dict(zip(first.effects, second.effects, strict=True))}
    known = re.compile("|".join(re.escape(name) for name in sorted(pairs, key=len, reverse=True)))

    def same(text: str, written: str) -> bool:
        expected = known.sub(lambda found: pairs[found.group()], text.replace("\n", ""))
        return _bare(expected) == _bare(written)

    return same


def _bare(text: str) -> str:
    """Text without blanks, line breaks and quotes: a message takes those that a name does not hold."""
    return re.sub(r"[\s'\"]", "", text)
