"""Density of the observed response before those of replicated data."""

import sys

import bayesmixed as bm

fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), seed=1)
axes = fit.plot.predictive_density()
axes[0].figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "predictive_density.png", dpi=120)
