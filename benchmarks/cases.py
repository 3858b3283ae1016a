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
    formula : str
        In lme4's language, which both systems read.
    bundled : str
        Name for ``bayesmixed.load_dataset``.
    file : str
        File in the shared data folder, used when the package does not bundle the data.
    factors : tuple[str, ...]
        Columns that are labels, not numbers.
    """

    formula: str
    bundled: str
    file: str
    factors: tuple[str, ...]


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
    "insteval": Case("y ~ service + (1 | s) + (1 | d)", "InstEval", "insteval.csv.gz", ("service", "s", "d")),
}


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
    if (SHARED / case.file).is_file():
        return pd.read_csv(SHARED / case.file, dtype=dict.fromkeys(case.factors, str))
    import bayesmixed

    frame: pd.DataFrame = bayesmixed.load_dataset(case.bundled)
    return frame.astype(dict.fromkeys(case.factors, str))
