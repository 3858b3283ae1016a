"""Posterior densities of the standard deviations, each effect on its own scale."""

import sys

import bayesmixed as bm

fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), draws=500, seed=1)
ax = fit.plot.varcorr()[0]
ax.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "variance_components.png", dpi=120)
