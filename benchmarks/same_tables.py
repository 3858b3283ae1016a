"""Do two versions of the package answer the same? All public verbs of many models, written and compared.

``PYTHONPATH=src python benchmarks/same_tables.py write FILE`` fits lme4's and brms' reference models and some
odd ones, few draws each, asks every public verb of every fit, and writes all answers to FILE (a quarter of an
hour; ``--quick``, six small models, a minute). With the sources of another version, ``compare FILE`` does the
same and prints every answer that is not the same bit by bit: ``within 1e-12``, with the largest relative gap;
``words``, where a text has other words and the same numbers, each change once; ``different``. It ends with
code 1 when one is different, with ``--words`` also when one has other words. ``--models`` chooses models by
name, ``--all`` prints every answer. A verb that raises is recorded by its error, a warning of the package by
its text.

It uses only what users use, so that it outlives every internal module. Seconds and versions are left out.
What is not recorded stands with the reason in ``same_tables_verbs.py``; a public name that is neither there
nor asked stands among the answers, under ``coverage``.
"""

from __future__ import annotations

import argparse
import inspect
import io
import os
import pickle
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["MPLBACKEND"] = "Agg"
os.environ["COLUMNS"] = "120"
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import numpy as np
import pandas as pd
from same_tables_records import DIFFERENT, NEAR, SAME, WORDS, compared, picture, plain
from same_tables_verbs import (
    OUTSIDE,
    SEED,
    SKIPPED,
    Asked,
    Verbs,
    estimate_verbs,
    pooling_verbs,
    posterior_verbs,
)

import bayesmixed as bm
from references import BRMS, LME4, SHARED, reference_frame

warnings.filterwarnings("ignore")
_seconds = time.perf_counter
time.perf_counter = lambda: 0.0  # the seconds of a fit stand in its texts
FEW: dict[str, Any] = {"draws": 100, "chains": 2, "adapt": False, "seed": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model whose answers are recorded.

    Attributes
    ----------
    formula : str
        In lme4's language.
    data : callable
        Gives its rows; `at` puts them elsewhere.
    groups : tuple of str
        Columns that tell groups.
    x, factor : str or None
        Predictors to be asked about.
    methods : tuple of str
        Of ``"bayes"``, ``"reml"``, ``"ml"``.
    options : dict
        Other arguments of ``lmer``, or of ``glmer`` if they name a family.
    lazy : bool
        Whether the rows lie in a Parquet file.
    quick : bool
        Whether it is one of the few.
    pictures : bool
        Whether plots are recorded.
    large : bool
        Whether verbs that take long are left out.
    """

    formula: str
    data: Callable[[], pd.DataFrame]
    groups: tuple[str, ...]
    x: str | None = None
    factor: str | None = None
    methods: tuple[str, ...] = ("bayes", "reml", "ml")
    options: dict[str, Any]
    lazy: bool = False
    quick: bool = False
    pictures: bool = False
    large: bool = False


ASKED: dict[str, dict[str, Any]] = {
    "sleepstudy_intercept": {"x": "Days"},
    "sleepstudy_slope_only": {"x": "Days"},
    "sleepstudy_correlated": {"x": "Days", "quick": True, "pictures": True},
    "sleepstudy_uncorrelated": {"x": "Days"},
    "gpa_intercept": {"x": "occasion"},
    "gpa_sex_highgpa": {"x": "highgpa", "factor": "sex"},
    "gpa_slope": {"x": "occasion"},
    "gpa_job_factor": {"x": "occasion", "factor": "job"},
    "dragons_range": {"x": "bodyLength"},
    "dragons_nested": {"x": "bodyLength", "pictures": True},
    "dragons_crossed_wrong": {"x": "bodyLength"},
    "netherlands": {"x": "verbal_iq"},
    "netherlands_two_level": {"x": "verbal_iq", "factor": "school_type"},
    "nba": {"x": "success"},
    "nba_coach": {"x": "coach_experience"},
    "pastes_nested": {"quick": True},
    "cake_split_plot": {"factor": "recipe", "pictures": True},
    "insteval_crossed": {"factor": "service", "large": True},
    "cbpp_binomial": {"factor": "period", "quick": True, "pictures": True},
    "contraception_bernoulli": {"x": "age", "factor": "livch"},
    "grouseticks_poisson": {"x": "cHEIGHT", "factor": "YEAR"},
}
"""What is asked about the reference models; the others have no predictors."""


def odd_rows() -> pd.DataFrame:
    """Rows of a made-up study: two crossed factors, weights, counts, an exposure, a missing value."""
    rng = np.random.default_rng(SEED)
    g, h = np.repeat(np.arange(12), 12), np.tile(np.arange(6), 24)
    frame = pd.DataFrame({"g": [f"g{i:02}" for i in g], "h": [f"h{i}" for i in h]})
    frame["x"], frame["z"] = rng.normal(2.0, 1.0, 144), rng.uniform(0.0, 4.0, 144)
    frame["dose"] = rng.choice(["low", "mid", "high"], 144)
    frame["w"], frame["exposure"] = rng.uniform(0.5, 2.0, 144), rng.uniform(1.0, 3.0, 144)
    effects, slopes, crossed = rng.normal(0, 1, 12), rng.normal(0, 0.5, 12), rng.normal(0, 0.7, 6)
    mean = 1.0 + 0.5 * frame["x"] + effects[g] + slopes[g] * frame["x"] + crossed[h]
    frame["y"] = mean + 0.3 * frame["exposure"] + rng.normal(0, 1, 144) / np.sqrt(frame["w"])
    frame["heavy"] = mean + rng.standard_t(4, 144)
    rate = frame["exposure"] * np.exp(0.3 + 0.3 * frame["x"] + 0.4 * effects[g])
    frame["count"] = rng.poisson(rate * rng.gamma(2.0, 0.5, 144))
    frame["time"] = rng.gamma(3.0, np.exp(0.2 * mean) / 3.0)
    frame["share"] = np.clip(rng.beta(2 + effects[g] ** 2, 3.0), 0.001, 0.999)
    frame.loc[5, "x"] = np.nan
    return frame


ODD: dict[str, dict[str, Any]] = {
    "odd_bars": {
        "formula": "y ~ x * dose + offset(0.3 * exposure) + (x + z || g) + (1 | h)",
        "weights": "w",
        "x": "x",
        "factor": "dose",
        "quick": True,
    },
    "odd_priors": {
        "formula": "y ~ x + (x | g)",
        "center": "fixed",
        "priors": {"x": bm.prior("Normal", mu=0, sigma=1), "sd_g": bm.prior("Exponential", lam=1)},
        "x": "x",
        "methods": ("bayes",),
    },
    "odd_moments": {
        "formula": "y ~ x + (x | g) + (1 | h)",
        "keep_ranef": "moments",
        "x": "x",
        "methods": ("bayes",),
    },
    "odd_graph": {"formula": "y ~ x + (1 | g)", "engine": "pymc", "x": "x", "methods": ("bayes",)},
    "odd_negativebinomial": {
        "formula": "count ~ x + dose + offset(log(exposure)) + (1 | g)",
        "family": "negativebinomial",
        "x": "x",
        "factor": "dose",
        "quick": True,
    },
    "odd_counts_moments": {
        "formula": "count ~ x + (1 | g)",
        "family": "negativebinomial",
        "keep_ranef": "moments",
        "x": "x",
    },
    "odd_t": {"formula": "heavy ~ x + (x || g)", "family": "t", "x": "x", "pictures": True},
    "odd_gamma": {"formula": "time ~ x + (1 | g)", "family": "gamma", "link": "log", "x": "x"},
    "odd_beta": {"formula": "share ~ dose + (1 | g)", "family": "beta", "factor": "dose"},
    "odd_lognormal": {"formula": "time ~ x + (x | g)", "family": "lognormal", "x": "x"},
    "odd_probit": {"formula": "share > 0.5 ~ x + (1 | g)", "family": "bernoulli", "link": "probit", "x": "x"},
    "odd_parquet": {"formula": "y ~ x * dose + (x | g) + (1 | h)", "lazy": True, "quick": True},
}
"""Models of :func:`odd_rows`."""
OF_THE_MODEL = ("formula", "x", "factor", "methods", "lazy", "quick", "pictures")


def all_models() -> dict[str, Model]:
    """The models by name."""
    found: dict[str, Model] = {}
    for name, reference in {**LME4, **{f"brms {name}": model for name, model in BRMS.items()}}.items():
        family = reference.get("family", "gaussian")
        other = {} if family == "gaussian" else {"family": family}
        prior = {"center": "fixed"} if name.startswith("brms ") and not other else {}
        bayes = ("bayes",) if name.startswith("brms ") else ("bayes", "reml", "ml")
        found[name.removesuffix(" ")] = Model(
            formula=reference["formula"],
            data=lambda data=reference["data"]: reference_frame(data),
            groups=_grouping(reference["formula"]),
            methods=bayes,
            options={**other, **prior},
            **_asked(name),
        )
    for name, odd in ODD.items():
        own = {key: odd[key] for key in OF_THE_MODEL if key in odd}
        options = {key: value for key, value in odd.items() if key not in OF_THE_MODEL}
        if "family" in odd:
            own["methods"] = ("bayes",)
        found[name] = Model(data=odd_rows, groups=_grouping(odd["formula"]), options=options, **own)
    return found


def _asked(name: str) -> dict[str, Any]:
    """What is asked about a reference model; of a second one of the same name, no pictures."""
    asked = ASKED.get(name.removeprefix("brms "), {})
    twice = name.startswith("brms ") and name.removeprefix("brms ") in LME4
    return {key: value for key, value in asked.items() if not (twice and key in ("quick", "pictures"))}


def _grouping(formula: str) -> tuple[str, ...]:
    """Columns to the right of the bars of a formula."""
    bars = [part.split(")")[0] for part in formula.split("|")[1:]]
    names = [name.strip() for bar in bars for name in bar.replace(":", "/").split("/")]
    return tuple(dict.fromkeys(name for name in names if name))


def _fit(model: Model, method: str, folder: Path) -> tuple[Any, Asked]:
    """A fit of a model, and what it is asked."""
    frame = model.data()
    rows: Any = frame
    if model.lazy:
        rows = folder / "rows.parquet"
        frame.to_parquet(rows)
    options = dict(model.options)
    if method == "bayes":
        made = (bm.glmer if "family" in options else bm.lmer)(model.formula, rows, **options, **FEW)
    else:
        kept = {key: value for key, value in options.items() if key == "weights"}
        made = bm.lmer(model.formula, rows, method=method, **kept)
    size = "large" if model.large else "quick" if model.quick else "whole"
    asked = Asked(
        data=None if model.lazy else frame,
        columns=tuple(str(name) for name in frame if str(name) in model.formula),
        groups=model.groups,
        x=model.x,
        factor=model.factor,
        size=size,
        pictures=model.pictures and method != "ml",
        report=model.pictures and method != "ml" and "reml" in model.methods,
        weights="weights" in options,
    )
    return made, asked


def functions(*, quick: bool) -> Verbs:
    """Functions of the package that are not verbs of one fit."""
    sleep, pastes = bm.load_dataset("sleepstudy"), bm.load_dataset("Pastes")
    formulas = (
        "Reaction ~ 1 + (1 | Subject)",
        "Reaction ~ Days + (1 | Subject)",
        "Reaction ~ Days + (Days | Subject)",
    )
    reml = [bm.lmer(formula, sleep, method="reml") for formula in formulas]
    bayes = {formula: bm.lmer(formula, sleep, **FEW) for formula in formulas[1:]}
    first, second = bayes.values()
    ends = {"lower_2.5": "lower", "upper_97.5": "upper"}
    beside = second.versus(method="wald").rename(columns=ends)
    simulation = bm.simulate_data(
        "y ~ x + (x | g)",
        groups={"g": 12},
        per_group=5,
        fixed=[2, 0.5],
        sd={"g": [0.5, 0.2]},
        corr={"g": 0.3},
        seed=SEED,
    )
    verbs: Verbs = {
        "anova": lambda: bm.anova(*reml),
        "anova(boot)": lambda: bm.anova(*reml[1:], refit=False, boot=5, seed=SEED, names=["small", "large"]),
        "anova(posterior)": lambda: bm.anova(first),
        "drop1": lambda: bm.drop1(reml[1]),
        "ranova": lambda: bm.ranova(reml[2], boot=3, seed=SEED),
        "bayes_factor": lambda: bm.bayes_factor(second, first, seed=SEED),
        "compare": lambda: bm.compare(bayes),
        "compare(group)": lambda: bm.compare(bayes, group="Subject"),
        "models_table": lambda: [
            str(bm.models_table([*reml, second])),
            bm.models_table(bayes, loo=True).to_frame(),
        ],
        "models_table(interval)": lambda: bm.models_table(reml, beneath="interval").to_latex(),
        "table": lambda: str(bm.table(reml[0].fixef())),
        "simulate_data": lambda: simulation,
        "recover": lambda: bm.recover(
            simulation, bm.lmer(simulation.formula, simulation.data, method="reml")
        ),
        "recover(posterior)": lambda: bm.recover(
            simulation, bm.lmer(simulation.formula, simulation.data, **FEW)
        ),
        "simulate_prior": lambda: bm.simulate_prior(formulas[2], sleep, n=20, seed=SEED),
        "simulate_prior(family)": lambda: bm.simulate_prior(
            "incidence ~ period + (1 | herd)", bm.load_dataset("cbpp"), family="poisson", n=20, seed=SEED
        ),
        "datasets": bm.datasets,
        "describe_dataset": lambda: str(bm.describe_dataset("cbpp")),
        "load_dataset": lambda: {name: len(bm.load_dataset(name)) for name in bm.datasets()["name"]},
        "from_bambi": lambda: _from_bambi(pastes),
        "plots.coefficients": lambda: picture(bm.plots.coefficients({"one": first, "two": reml[2]})),
        "plots.caterpillar": lambda: picture(bm.plots.caterpillar(reml[2].ranef(), effect="Days")),
        "plots.spaghetti": lambda: picture(bm.plots.spaghetti(sleep, "Days", "Reaction", "Subject")),
        "plots.prior_predictive": lambda: picture(
            bm.plots.prior_predictive(bm.simulate_prior(formulas[1], sleep, n=20, seed=SEED))
        ),
        "plots.versus": lambda: picture(bm.plots.versus(beside)),
        **{f"error {text}": lambda text=text: bm.lmer(text, sleep, method="reml") for text in WRONG},
        "error option": lambda: bm.lmer(formulas[0], sleep, method="reml", draws=10),
        "error family": lambda: bm.glmer(formulas[0], sleep, "poison"),
        "error prior": lambda: bm.lmer(formulas[0], sleep, priors={"Dys": bm.prior("Normal", mu=0, sigma=1)}),
        "__getattr__": lambda: bm.lmerr,
        "command line": lambda: _command("fit", formulas[2], "sleepstudy.csv", "--method", "reml"),
        "command line(datasets)": lambda: _command("datasets"),
    }
    if not quick:
        wrong = "Reaction ~ Dys + (1 | Subject)"
        verbs["command line(mistake)"] = lambda: _command("fit", wrong, "sleepstudy.csv")
    for method in ("reml",) if quick else ("reml", "bayes"):
        seed = {} if method == "reml" else {"seed": SEED}
        pooled = bm.pooling(formulas[2], sleep, method=method, **seed)
        verbs |= {f"pooling {method}.{name}": verb for name, verb in pooling_verbs(pooled).items()}
    nested = bm.pooling(
        "strength ~ 1 + (1 | batch/cask)", pastes, method="reml", group="batch", no_pooling="lines"
    )
    return verbs | {f"pooling nested.{name}": verb for name, verb in pooling_verbs(nested).items()}


WRONG = (
    "Reaction ~ Days + (Dys | Subject)",
    "Reaction ~ Days",
    "Reaction ~ Days + Days | Subject",
    "Reaction ~ (1 | Subject",
    "Subject ~ Days + (1 | Subject)",
)
"""Formulas that are refused."""


def _from_bambi(pastes: pd.DataFrame) -> Any:
    """Answers of a fit of a model of Bambi's."""
    import bambi

    data = pastes.astype({"batch": "category"})
    fit = bm.from_bambi(bambi.Model("strength ~ 1 + (1 | batch)", data), **FEW)
    return [str(fit), fit.draws, fit.priors.table(), str(fit.to_bambi())]


def _command(*words: str) -> dict[str, Any]:
    """What the command line answers."""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bayesmixed", *words],
        capture_output=True,
        text=True,
        cwd=SHARED / "data",
        check=False,
    )
    return {"code": ran.returncode, "output": ran.stdout, "errors": ran.stderr}


def answer(verb: Callable[[], Any], hidden: dict[str, str]) -> Any:
    """What a verb answers, with the warnings of the package; or the error that it raises."""
    aside = io.StringIO()
    with warnings.catch_warnings(record=True) as caught, redirect_stdout(aside), redirect_stderr(aside):
        warnings.simplefilter("always")
        try:
            found = {"answer": plain(verb(), hidden)}
        except Exception as error:
            found = {"raises": plain(f"{type(error).__name__}: {error}", hidden)}
    own = (bm.ConvergenceWarning, bm.DesignWarning)
    said = [plain(str(warning.message), hidden) for warning in caught if issubclass(warning.category, own)]
    return found | ({"warns": said} if said else {})


def answers(*, quick: bool, names: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All answers, one fit after the other, and which public names were not asked."""
    asked_of: dict[type, set[str]] = {}
    models = {name: model for name, model in all_models().items() if not names or name in names}
    with tempfile.TemporaryDirectory() as folder:
        hidden = {folder: "<folder>", bm.__version__: "<version>"}
        for name, model in models.items():
            if quick and not model.quick:
                continue
            for method in model.methods:
                if quick and method == "ml" and not model.pictures:
                    continue
                made: list[Any] = []
                fitting = answer(lambda: made.append(_fit(model, method, Path(folder))), hidden)  # noqa: B023
                found = {"fit": fitting}
                if made:
                    fit, asked = made[0]
                    verbs = (posterior_verbs if method == "bayes" else estimate_verbs)(fit, asked)
                    found |= {verb: answer(call, hidden) for verb, call in verbs.items()}
                    for verb in verbs:
                        asked_of.setdefault(type(fit), set()).add(_first(verb))
                        asked_of.setdefault(type(fit.plot), {"fit"}).add(_first(verb.removeprefix("plot.")))
                yield f"{name}, {method}", found
        if names:
            return
        verbs = functions(quick=quick)
        asked_of[bm.Pooling] = {"fit", *(_first(verb.partition(".")[2]) for verb in verbs)}
        yield "functions", {verb: answer(call, hidden) for verb, call in verbs.items()}
    left = {
        f"{cls.__name__} not asked": [name for name in _public(cls) if name not in {*found, *SKIPPED}]
        for cls, found in asked_of.items()
    }
    called = {_first(verb) for verb in verbs}
    outside = [n for n in bm.__all__ if not (inspect.isclass(getattr(bm, n)) or n in {*called, *OUTSIDE})]
    yield "coverage", {**left, "functions not asked": outside}


def _first(verb: str) -> str:
    """The name that a verb's label begins with."""
    return verb.split("(")[0].split(".")[0].split(" ")[0]


def _public(cls: type) -> list[str]:
    """Public names of a class."""
    return [name for name in dir(cls) if not name.startswith("_")]


def write(file: Path, *, quick: bool, names: list[str], everything: bool) -> int:
    """Write all answers."""
    written = {}
    for name, found in answers(quick=quick, names=names):
        written[name] = found
        raised = {verb: kept["raises"] for verb, kept in found.items() if "raises" in kept}
        said = f"{name}: {len(found)} answers, {len(raised)} of them errors"
        print(f"{said}; {_seconds() - STARTED:.0f} s", flush=True)
        for verb, text in raised.items() if everything else ():
            print(f"    {verb:28} {text[:150]!r}")
    print(*written.get("coverage", {}).items(), sep="\n")
    file.write_bytes(pickle.dumps({"quick": quick, "names": names, "answers": written}, protocol=5))
    print(f"{file}: {file.stat().st_size / 1e6:.0f} MB")
    return 0


def compare(file: Path, *, quick: bool, names: list[str], everything: bool, words: bool) -> int:
    """Compare all answers with those of a file, and print those that are not the same."""
    kept: dict[str, Any] = pickle.loads(file.read_bytes())
    alike = (quick, names) == (kept["quick"], kept["names"])
    total: Counter[str] = Counter()
    seen: set[str] = set()
    for name, found in answers(quick=quick, names=names):
        lines, counts = [], Counter[str]()
        old = kept["answers"].get(name, {})
        for verb in {**old, **found} if alike else found:
            word, gap, where = compared(found.get(verb, "not asked"), old.get(verb, "not asked"))
            counts[word] += 1
            if everything or (word != SAME and (word != WORDS or where not in seen)):
                gap_said = f" (largest relative gap {gap:.1e})" if 0 < gap < np.inf else ""
                lines.append(f"    {verb:28} {word}{gap_said} {where}")
            seen.add(where)
        total += counts
        said = ", ".join(f"{counts[word]} {word}" for word in (SAME, NEAR, WORDS, DIFFERENT) if counts[word])
        print(f"{name}: {said}; {_seconds() - STARTED:.0f} s", *lines, sep="\n", flush=True)
    print("all:", ", ".join(f"{count} {word}" for word, count in total.items()))
    return int(bool(total[DIFFERENT] or (total[WORDS] and words)))


STARTED = _seconds()


def main() -> int:
    """Write or compare."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("action", choices=("write", "compare"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--quick", action="store_true", help="six small models")
    parser.add_argument("--models", nargs="+", default=[], help="only these")
    parser.add_argument("--all", action="store_true", help="print every answer")
    parser.add_argument("--words", action="store_true", help="other words are a failure too")
    asked = parser.parse_args()
    print(f"bayesmixed at {Path(bm.__file__).parent}")
    chosen = {"quick": asked.quick, "names": asked.models, "everything": asked.all}
    if asked.action == "write":
        return write(asked.file, **chosen)
    return compare(asked.file, **chosen, words=asked.words)


if __name__ == "__main__":
    sys.exit(main())
