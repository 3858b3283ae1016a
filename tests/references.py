"""The reference numbers beside the project, and the frames that they were made from."""

from __future__ import annotations

import json
import re
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import bayesmixed as bm

SHARED = Path(__file__).resolve().parents[1].parent / "shared"
TEXT_COLUMNS = {
    "cake.csv": {"temperature": str, "replicate": str},
    "sleepstudy.csv": {"Subject": str},
    "cbpp.csv": {"herd": str, "period": str},
    "contraception.csv": {"district": str},
    "grouseticks.csv": {"INDEX": str, "BROOD": str, "YEAR": str, "LOCATION": str},
}


def _reference(name: str) -> dict[str, Any]:
    path = SHARED / "reference" / name
    return json.loads(path.read_text()) if path.is_file() else {}


OWN = Path(__file__).resolve().parent / "reference"
SATTERTHWAITE: list[dict[str, Any]] = json.loads((OWN / "satterthwaite.json").read_text())["models"]
REGRESSIONS: dict[str, Any] = json.loads((OWN / "regressions.json").read_text())
LME4: dict[str, Any] = _reference("lme4.json")
RANGE: dict[str, Any] = _reference("range.json")
BRMS: dict[str, Any] = _reference("brms.json")
BRMS_RANGE: dict[str, Any] = _reference("brms_range.json")


def reference_frame(data: str) -> pd.DataFrame:
    """Frame of a reference model: a file, or ``"A + B on KEY"``, a left join."""
    files, _, key = data.partition(" on ")
    frames = [pd.read_csv(SHARED / "data" / f, dtype=TEXT_COLUMNS.get(f)) for f in files.split(" + ")]
    return frames[0].merge(frames[1], on=key, how="left") if key else frames[0]


def own_frame(data: str) -> pd.DataFrame:
    """Frame of a model of `SATTERTHWAITE`: a file beside it, or a bundled data set."""
    return pd.read_csv(OWN / data) if data.endswith(".csv") else bm.load_dataset(data)


@cache
def satterthwaite_fit(i: int) -> bm.RemlFit:
    """Our fit of a model of `SATTERTHWAITE`."""
    model = SATTERTHWAITE[i]
    frame, absent = own_frame(model["data"]), model.get("without")
    if absent:
        frame = frame[~np.logical_and.reduce([frame[name] == level for name, level in absent.items()])]
    with warnings.catch_warnings():
        # in two models a cell has no rows, on purpose
        warnings.simplefilter("ignore", bm.DesignWarning)
        weights = model.get("weights") or None
        return bm.lmer(model["formula"], frame, method=model["method"], weights=weights)


def python_term(term: str, terms: tuple[str, ...]) -> str:
    """formulaic's name of R's coefficient: ``sexmale`` is ``sex[T.male]``, ``(Intercept)`` ``Intercept``."""
    signs = re.compile(r"\[(T\.)?|\]")
    plain = {signs.sub("", t).replace("scale(bodyLength)", "bodyLength2"): t for t in terms}
    plain |= {r_term.replace("+", "P"): t for r_term, t in plain.items()}  # brms writes 3+ as 3P
    plain |= {t: t for t in terms}
    return plain[term.replace("(", "").replace(")", "") if term == "(Intercept)" else term]


def python_level(group: str, level: str, python_group: str) -> str:
    """Our label of R's level: parts of an interaction stand in the order of our grouping factor's name."""
    parts = dict(zip(group.split(":"), level.split(":"), strict=True))
    return ":".join(parts[name] for name in python_group.split(":"))


def python_group(group: str, groups: tuple[str, ...]) -> str:
    """Our name of R's grouping factor: ``site:mountainRange`` is ``mountainRange:site``, ``A.1`` is ``A``."""
    wanted = sorted(group.removesuffix(".1").split(":"))
    return next(g for g in groups if sorted(g.split(":")) == wanted)
