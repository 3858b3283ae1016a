"""Residuals against normal quantiles, with a simultaneous envelope."""

import sys

import bayesmixed as bm

fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), method="reml")
ax = fit.plot.residual_quantiles()
ax.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "residual_quantiles.png", dpi=120)
