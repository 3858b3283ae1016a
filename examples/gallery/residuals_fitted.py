"""Residuals against fitted values, with the mean of the points nearby."""

import sys

import bayesmixed as bm

fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), method="reml")
ax = fit.plot.residuals()
ax.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "residuals_fitted.png", dpi=120)
