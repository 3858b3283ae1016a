"""Observed against fitted values, a panel for each group."""

import sys

import bayesmixed as bm

fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), method="reml")
axes = fit.plot.observed()
axes[0].figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "observed_fitted.png", dpi=120)
