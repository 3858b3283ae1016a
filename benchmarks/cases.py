"""The models that are timed, and where their data come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Case:
    """One model on one data set.

    Attributes
    ----------
    formula : str or list of str
        In lme4's language, with brms' additions and formulas of parameters; a binomial response is
        ``prop(successes, trials)``.
    bundled : str
        Name for ``bayesmixed.load_dataset``.
    file : str
        File in the shared data folder, used when the package does not bundle the data.
    factors : tuple[str, ...]
        Columns that are labels, not numbers.
    family : str
        Distribution of the response.
    only : tuple[str, ...]
        Systems that can fit it, where not all can.
    success : tuple[str, str] or None
        Column that is turned into 0 and 1, so that all systems read one formula, and the label that is 1.
    """

    formula: str | list[str]
    bundled: str
    file: str
    factors: tuple[str, ...]
    family: str = "gaussian"
    success: tuple[str, str] | None = None
    only: tuple[str, ...] = ()


BRMS = ("bayesmixed", "brms")
"""Systems that fit models beyond lme4's."""

CASES = {
    "sleepstudy": Case("Reaction ~ Days + (Days | Subject)", "sleepstudy", "sleepstudy.csv", ("Subject",)),
    "gpa": Case("gpa ~ occasion + (1 | student)", "gpa", "gpa.csv", ("student",)),
    "gpa_slopes": Case("gpa ~ occasion + (occasion | student)", "gpa", "gpa.csv", ("student",)),
    "netherlands": Case(
        "language_post ~ verbal_iq + (1 | school_id)",
        "netherlands",
        "netherlands-students.csv",
        ("school_id",),
    ),
    "netherlands_slopes": Case(
        "language_post ~ verbal_iq + (verbal_iq | school_id)",
        "netherlands",
        "netherlands-students.csv",
        ("school_id",),
    ),
    "penicillin": Case(
        "diameter ~ 1 + (1 | plate) + (1 | sample)", "Penicillin", "penicillin.csv", ("plate", "sample")
    ),
    "dragons": Case(
        "testScore ~ bodyLength + (1 | mountainRange) + (1 | mountainRange:site)",
        "dragons",
        "dragons.csv",
        ("mountainRange", "site"),
    ),
    "insteval": Case("y ~ service + (1 | s) + (1 | d)", "InstEval", "insteval.csv.gz", ("service", "s", "d")),
    "cbpp": Case(
        "prop(incidence, size) ~ period + (1 | herd)", "cbpp", "cbpp.csv", ("herd", "period"), "binomial"
    ),
    "contraception": Case(
        "use ~ age + urban + livch + (1 | district)",
        "",
        "contraception.csv",
        ("district", "urban", "livch"),
        "bernoulli",
        ("use", "Y"),
    ),
    "verbagg": Case(
        "r2 ~ Anger + Gender + btype + situ + (1 | id) + (1 | item)",
        "VerbAgg",
        "verbagg.csv.gz",
        ("Gender", "btype", "situ", "id", "item"),
        "bernoulli",
        ("r2", "Y"),
    ),
    "grouseticks": Case(
        "TICKS ~ YEAR + cHEIGHT + (1 | BROOD) + (1 | LOCATION) + (1 | INDEX)",
        "grouseticks",
        "grouseticks.csv",
        ("INDEX", "BROOD", "YEAR", "LOCATION"),
        "poisson",
    ),
    "eight_schools": Case(
        "effect | se(se) ~ 1 + (1 | school)", "eight_schools", "eight_schools.csv", ("school",), only=BRMS
    ),
    "orthodont_sigma_sex": Case(
        ["distance ~ age * Sex + (1 | Subject)", "sigma ~ 0 + Sex"],
        "Orthodont",
        "orthodont.csv",
        ("Subject", "Sex"),
        only=BRMS,
    ),
    "ovary_ar1": Case(
        "follicles ~ sin(6.283185*Time) + cos(6.283185*Time) + (1 | Mare) + ar(Time, gr=Mare)",
        "Ovary",
        "ovary.csv",
        ("Mare",),
        only=BRMS,
    ),
}

BEYOND_LME4 = ("eight_schools", "orthodont_sigma_sex", "ovary_ar1")
"""Cases of known standard errors, of strata, of an autoregression."""

TABLE = (
    "sleepstudy",
    "gpa_slopes",
    "netherlands_slopes",
    "penicillin",
    "insteval",
    "cbpp",
    "contraception",
    "verbagg",
    "grouseticks",
)
"""Cases of the table in the documentation."""


def load(case: Case) -> pd.DataFrame:
    """Data of a case, from the shared folder beside the project or else from the package.

    Parameters
    ----------
    case : Case
        The case.

    Returns
    -------
    pandas.DataFrame
        Its data, labels as strings.
    """
    types = dict.fromkeys(case.factors, str)
    if (SHARED / case.file).is_file():
        frame = pd.read_csv(SHARED / case.file, dtype=types)
    else:
        import bayesmixed

        frame = bayesmixed.load_dataset(case.bundled).astype(types)
    if case.success is not None:
        column, label = case.success
        frame[column] = (frame[column] == label).astype(int)
    return frame
