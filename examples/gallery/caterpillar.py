"""Random effects of every subject, sorted; intervals clear of zero are coloured."""

import sys

import bayesmixed as bm

fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), method="reml")
ax = fit.plot.ranef()[0]
ax.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "caterpillar.png", dpi=120)
