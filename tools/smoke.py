"""What a wheel must do where it is installed: fit, estimate, draw, save, load, report."""

from __future__ import annotations

import math
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path

import matplotlib as mpl

import bayesmixed as bm

SLEEP = bm.load_dataset("sleepstudy")
FORMULA = "Reaction ~ Days + (Days | Subject)"
REML_CRITERION = 1743.6283
"""lme4 1.1-31."""
SHORT = {"draws": 200, "chains": 2, "seed": 1, "adapt": False}


def main() -> None:
    """Try everything once; an error or a wrong number ends the program."""
    mpl.use("Agg")
    warnings.simplefilter("ignore", bm.ConvergenceWarning)  # the chains are short
    estimate = bm.lmer(FORMULA, SLEEP, method="reml")
    check("REML criterion", estimate.deviance(), REML_CRITERION, 1e-3)
    fit = bm.lmer(FORMULA, SLEEP, **SHORT)
    slope = fit.fixef().set_index("term").loc["Days", "value"]
    check("slope", slope, estimate.fixef().set_index("term").loc["Days", "value"], 0.5)
    herds = bm.glmer(
        "prop(incidence, size) ~ period + (1 | herd)", bm.load_dataset("cbpp"), "binomial", **SHORT
    )
    check("log odds of period 1", herds.fixef()["value"].iloc[0], -1.4, 0.3)
    with tempfile.TemporaryDirectory() as folder:
        fit.save(Path(folder) / "fit")
        again = bm.load(Path(folder) / "fit").fixef().set_index("term").loc["Days", "value"]
        check("slope of the saved fit", again, slope, 0)
        fit.plot.ranef().flat[0].figure.savefig(Path(folder) / "ranef.png")
        for each in (fit, estimate):
            each.report(Path(folder) / "page.html")
    shown = ("numpy", "pandas", "scipy", "numba", "pymc", "arviz", "nutpie", "xarray")
    print("works with", ", ".join(f"{name} {version(name)}" for name in shown))


def check(what: str, found: float, right: float, tolerance: float) -> None:
    """End the program where a number is wrong."""
    if not math.isclose(found, right, rel_tol=0, abs_tol=tolerance):
        raise SystemExit(f"{what} is {found}, and should be {right}.")


if __name__ == "__main__":
    main()
