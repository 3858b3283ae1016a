"""Columns called anything: what becomes of a model is other names in its answers, and nothing else."""

from __future__ import annotations

import ast
import keyword
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

import bayesmixed as bm
from bayesmixed import names
from bayesmixed.design.parameters import parameters_named, parameters_of
from bayesmixed.engines.records import RawDraws
from bayesmixed.errors import BayesmixedError, ConvergenceWarning, DesignWarning
from bayesmixed.fits.reml_fit import reml_fit
from bayesmixed.posterior.diagnostics import diagnose
from bayesmixed.posterior.tree import draws_tree
from bayesmixed.verbs.quantities import own_variables

from .answers import FAST, POSTERIOR, REML, SLOW, Asked, Verb, Words, answer, check_same
from .frames import NAMES, check_sentence

SOURCE = Path(bm.__file__).parent
LETTERS = "yxzwfhgk"
TOKEN = "qq"
"""Every column of the frame that others are compared with is called ``qqx``, ``qqg`` ...; nothing else is."""

Judge = Callable[[Any], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A formula with letters in place of columns."""

    formula: str
    family: str = "gaussian"
    verbs: tuple[str, ...] = ()


MODELS = (
    Model(formula="{y} ~ {x} + (1 | {g})"),
    Model(formula="{y} ~ {x} * {z} + ({x} | {g}) + (1 | {k})"),
    Model(formula="{y} ~ {f} + {x}:{h} + {h} + ({x} || {g})"),
    Model(formula="{y} ~ log({w}) + {z} + (0 + {z} + {x} | {g}) + (1 | {g}:{k})"),
    Model(formula="{y} ~ {h} * {f} + offset({z}) + (0 + {h} | {g})"),
    Model(formula="{y} ~ scale({x}) + I({z}^2) + (1 | {k}/{g})"),
    Model(formula="{y} ~ {x} + {z} + (1 | {g})", family="t"),
    Model(formula="{y} ~ {x} + ({z} | {g})", family="lognormal"),
)


@cache
def data() -> pd.DataFrame:
    """Sixty rows: numbers (w positive), factors of three and two levels, two crossed grouping factors."""
    rng, n = np.random.default_rng(7), 60
    g, k = np.arange(n) % 6, np.arange(n) // 6 % 5
    x, z, w = rng.normal(size=n), rng.normal(size=n), rng.uniform(1, 3, n)
    y = np.exp(0.3 * x + rng.normal(size=6)[g] * 0.4 + rng.normal(size=5)[k] * 0.3 + rng.normal(size=n) * 0.5)
    columns = (y, x, z, w, rng.choice(["p", "q", "r"], n), rng.choice(["u", "v"], n), [f"a{i}" for i in g], k)
    return pd.DataFrame({f"{TOKEN}{letter}": values for letter, values in zip(LETTERS, columns, strict=True)})


PLAIN: Words = {letter: f"{TOKEN}{letter}" for letter in LETTERS}


def written(model: Model, words: Words) -> str:
    """Formula of a model, names in backticks."""
    return model.formula.format(**{letter: f"`{name}`" for letter, name in words.items()})


@cache
def sampled(model: Model) -> bm.MixedFit:
    """Posterior of the plain names, by a tiny run."""
    return fitted(model, PLAIN, data())


def fitted(model: Model, words: Words, frame: pd.DataFrame) -> bm.MixedFit:
    """Posterior of some names, by a tiny run."""
    formula = written(model, words)
    with warnings.catch_warnings(action="ignore", category=(ConvergenceWarning, DesignWarning)):
        if model.family == "gaussian":
            return bm.lmer(formula, frame, **FAST)
        return bm.glmer(formula, frame, model.family, **FAST)


@cache
def estimated(model: Model) -> bm.RemlFit:
    """REML estimate of the plain names."""
    return bm.lmer(written(model, PLAIN), data(), method="reml")


@cache
def plain_answer(model: Model, kind: str, name: str) -> Any:
    """What the fit of the plain names answers."""
    fit: Any = estimated(model) if kind == "reml" else sampled(model)
    return answer(VERBS[kind][name], Asked(fit=fit, words=PLAIN, spell=quoted))


VERBS: dict[str, dict[str, Verb]] = {"reml": REML, "posterior": POSTERIOR, "slow": SLOW}


def quoted(name: str) -> str:
    """A name between backticks, in which it may have any characters."""
    return name if name.isidentifier() else f"`{name}`"


def refitted(fit: bm.MixedFit, spec: Any, *, judged: bool = False) -> bm.MixedFit:
    """The same draws as those of a model with other names: those that its own run would give."""
    posterior = fit.draws["posterior"].to_dataset()
    values = {str(name): variable.to_numpy() for name, variable in posterior.data_vars.items()}
    family = own_variables(posterior, fit.spec.design)
    blocks = fit.spec.design.blocks
    raw = RawDraws(
        beta=values["beta"],
        sd=tuple(values[f"sd_{block.group}"] for block in blocks),
        corr=tuple(values.get(f"corr_{block.group}") for block in blocks),
        ranef=tuple(values[f"ranef_{block.group}"] for block in blocks),
        sample_stats={str(k): v.to_numpy() for k, v in fit.draws["sample_stats"].data_vars.items()},
        parameters={name: values[name] for name in family},
    )
    attrs = {**fit.draws.attrs, "formula": spec.design.formula.text}
    draws = draws_tree(spec.design, raw, attrs)
    return replace(fit, spec=spec, draws=draws, diagnosis=diagnose(draws) if judged else fit.diagnosis)


WORDS = (
    *names.TAKEN,
    *names.MOMENTS,
    *("term", "contrast", "value", "se", "lower_2.5", "upper_97.5", "t", "df", "p_value", "p_direction"),
    *(
        "group",
        "group_var",
        "effect",
        "effect_1",
        "effect_2",
        "variance",
        "sd",
        "sd_2.5",
        "sd_97.5",
        "var_prop",
    ),
    *(
        "icc",
        "formula",
        "r2",
        "type",
        "estimate",
        "std_error",
        "level",
        "parameter",
        "kind",
        "prior",
        "source",
    ),
    *(
        "note",
        "quantity",
        "r_hat",
        "fitted",
        "resid",
        ".fitted",
        "y_1",
        "sim_1",
        "at_value",
        "at_row",
        "at_term",
    ),
    *(
        "all",
        "fixed",
        "b",
        "cor",
        "theta",
        "Intercept",
        "(Intercept)",
        "Residual",
        "Observation",
        "mean",
        "p",
    ),
    *(
        "b_sigma",
        "family_sigma",
        "b_b_sigma",
        "sd[]",
        "psi",
        "index",
        "self",
        "columns",
        "name",
        "data",
        "frame",
    ),
    *(
        f"{prefix}{x}"
        for x in "xzgk"
        for prefix in (*names.OWNED, "b_", "family_", "z_", "beta_", "at_", "sd__")
    ),
    *(
        f"{x}{suffix}"
        for x in "xzfhgk"
        for suffix in ("_", "_effect", "_effect_bis", "[T.q]", "[T.v]", "[u]", ":h")
    ),
    *(
        "x:z",
        "z:x",
        "k:g",
        "g:k",
        "log(w)",
        "scale(x)",
        "I(z^2)",
        "f[T.q]:x",
        "g/k",
        "g_k",
        "sd_x|g",
        "cor_x.z|g",
    ),
    *("sd_g[Intercept]", "corr_g[Intercept, x]", "beta[x]", "ranef_g[a0, x]", "x, z", "x.z", "X", "x ", "Y"),
)
"""Words of tables, posteriors and parameters, and names that columns have after them in the models."""


@cache
def pool() -> tuple[str, ...]:
    """All that the package calls anything, what Python and pandas do, and names that are odd."""
    found = {*NAMES, *keyword.kwlist, *dir(pd.DataFrame), *dir(np.ndarray)}
    for module in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            values = (getattr(node, field, None) for field in ("id", "attr", "arg", "name", "value"))
            found |= {value for value in values if isinstance(value, str)}
    return tuple(sorted(filter(_can_be_written, found)))


def _can_be_written(name: str) -> bool:
    """Whether a name can stand in a formula, and be read."""
    return len(name.strip()) > 0 and len(name) <= 24 and name.isprintable() and not set(name) & set("`\\")


@cache
def any_name() -> st.SearchStrategy[str]:
    """Names, two in three of them `WORDS`."""
    return st.one_of(st.sampled_from(WORDS), st.sampled_from(WORDS), st.sampled_from(pool()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Renaming:
    """A model, the names of its columns, and the verbs that are asked."""

    model: Model
    words: Words
    verbs: tuple[tuple[str, str], ...]


@st.composite
def renamings(
    draw: st.DrawFn, verbs: int = 1, slow: bool = False, models: Sequence[Model] = MODELS
) -> Renaming:
    """A model whose columns have names that the package uses somewhere."""
    model = draw(st.sampled_from(models))
    usual = dict(zip(LETTERS, "yxzwfhgk", strict=True))
    changed = draw(st.sets(st.sampled_from(LETTERS), min_size=1))
    new = draw(st.lists(any_name(), min_size=8, max_size=8, unique=True))
    words = usual | {letter: name for letter, name in zip(LETTERS, new, strict=True) if letter in changed}
    if len(set(words.values())) < len(words):
        words = dict(zip(LETTERS, new, strict=True))
    kinds = ["posterior", *(["reml", *(["slow"] if slow else [])] if model.family == "gaussian" else [])]
    every = [(kind, name) for kind in kinds for name in VERBS[kind]]
    asked = draw(st.lists(st.sampled_from(every), min_size=verbs, max_size=verbs, unique=True))
    return Renaming(model=model, words=words, verbs=tuple(asked))


def verdict(example: Renaming) -> str:
    """What became of a renaming: ``"same"``, or ``"refused"`` by some verb; anything else is raised."""
    return "refused" if "refused" in outcomes(example).values() else "same"


def outcomes(example: Renaming) -> dict[str, str]:
    """What became of the model, and of every verb."""
    model, words = example.model, example.words
    frame = data().rename(columns={PLAIN[letter]: words[letter] for letter in LETTERS})
    plain = sampled(model)
    try:
        spec = bm.specify(written(model, words), frame, family=model.family)
    except BayesmixedError as error:
        check_sentence(error)
        return {"model": "refused"}
    same = renamed_texts(words)
    check_same(stated(plain.spec), stated(spec), same, "model")
    fits: dict[str, Any] = {}
    found = {"model": "same"}
    for kind, name in example.verbs:
        if kind not in fits:
            asked = {verb for _, verb in example.verbs}
            judged = bool(asked & {"print", "diagnostics"})
            fits[kind] = reml_fit(spec, "reml") if kind == "reml" else refitted(plain, spec, judged=judged)
        before = plain_answer(model, kind, name)
        now = answer(VERBS[kind][name], Asked(fit=fits[kind], words=words, spell=quoted))
        if isinstance(now, BayesmixedError) and not isinstance(before, BayesmixedError):
            check_sentence(now)
            found[f"{kind} {name}"] = "refused"
            continue
        check_same(before, now, same, f"{kind} {name}")
        found[f"{kind} {name}"] = "same"
    _check_bare_names(spec)
    return found


def stated(spec: Any) -> list[Any]:
    """Everything that a model is."""
    design = spec.design
    blocks = [
        [b.group, b.effects, b.columns, b.codes, b.levels, b.covariances, b.centring, b.scales]
        for b in design.blocks
    ]
    fixed = design.fixed
    x = [fixed.terms, fixed.matrix, fixed.centring, fixed.scales]
    return [
        design.response.name,
        design.response.values,
        design.offset,
        x,
        blocks,
        list(spec.priors.in_order),
    ]


def _check_bare_names(spec: Any) -> None:
    """The bare name of a coefficient is never another parameter's."""
    known = parameters_of(spec.design, spec.family.parameter_names)
    for parameter in known:
        found = parameters_named(known, parameter.spellings[0])
        assert found == [parameter] or (len(found) > 1 and parameter in found)
        assert parameters_named(known, parameter.label) == [parameter]


def renamed_texts(words: Words) -> Callable[[str, str], bool]:
    """Whether a text is another one under other names.

    A name may have got out of the way: ``b_sigma``, ``family_sigma``, ``corr_g[]``, ``at_value``, ``row_``.
    """
    tokens = re.compile("|".join(map(re.escape, PLAIN.values())))
    new = {
        PLAIN[letter]: rf"\s*{r'\s'.join(map(re.escape, name.split()))}\s*" for letter, name in words.items()
    }

    def pattern(text: str) -> str:
        pieces, at = [], 0
        for found in tokens.finditer(text):
            pieces.append(_literal(text[at : found.start()]))
            pieces.append(f"(?:b_|at_)*`?{new[found.group()].replace('/', '[/_]')}`?_?(?:\\[\\])?")
            at = found.end()
        return "".join([*pieces, _literal(text[at:])])

    def same(one: str, other: str) -> bool:
        return one == other or re.fullmatch(pattern(_closed_up(one)), _closed_up(other)) is not None

    return same


def _closed_up(text: str) -> str:
    return " ".join(text.split())


def _literal(text: str) -> str:
    escaped = re.sub(r"\b(sigma|nu)\b", r"(?:family_)?\1", re.escape(text))
    return re.sub(r"\ball\b", "all(?: factors)?", escaped)
