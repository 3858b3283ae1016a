"""Residuals of every group as boxes, sorted."""

import sys

import bayesmixed as bm

fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), method="reml")
ax = fit.plot.residuals(by="Subject")
ax.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "residuals_groups.png", dpi=120)
