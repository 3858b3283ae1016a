"""Standard deviation of every group against replicated data."""

import sys

import bayesmixed as bm

fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), seed=1)
ax = fit.plot.predictive_groups(statistic="sd")
ax.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "predictive_groups.png", dpi=120)
