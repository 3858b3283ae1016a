"""Convergence at the defaults on the reference models: effective draws of every reported quantity.

Run it beside the shared reference folder: ``python benchmarks/reference_models.py [NAME ...]``. It prints,
for each of lme4's reference models, the smallest bulk and tail effective sample sizes over all quantities
(every random effect included, and the intraclass correlation), the largest R-hat, the divergent transitions
and the seconds of the fit call.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import bayesmixed as bm
from references import LME4, reference_frame


def main(names: list[str]) -> None:
    print(f"{'model':24} {'bulk':>6} {'tail':>6} {'R-hat':>6} {'div':>4} {'thin':>4} {'seconds':>8}  worst")
    for name in names:
        frame = reference_frame(LME4[name]["data"])
        started = time.perf_counter()
        fit = bm.lmer(LME4[name]["formula"], frame, seed=1)
        seconds = time.perf_counter() - started
        table = fit.diagnostics(ranef="all")
        worst = table[["ess_bulk", "ess_tail"]].min(axis=1).idxmin()
        low = table.min()
        print(
            f"{name:24} {low['ess_bulk']:6.0f} {low['ess_tail']:6.0f} {np.max(table['r_hat']):6.3f} "
            f"{fit.diagnosis.divergences:4d} {fit.run.thin:4d} {seconds:8.2f}  {worst}",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:] or list(LME4))
