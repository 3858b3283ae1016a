"""Ranks of every chain's draws."""

import sys

import bayesmixed as bm

fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), seed=1)
axes = fit.plot.rank()
axes[0].figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "rank.png", dpi=120)
