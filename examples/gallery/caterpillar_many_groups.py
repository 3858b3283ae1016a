"""Random effects of 131 schools."""

import sys

import bayesmixed as bm

fit = bm.lmer("langPOST ~ IQ_verb + (IQ_verb | schoolNR)", bm.load_dataset("bdf"), method="reml")
ax = fit.plot.ranef()[0]
ax.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "caterpillar_many_groups.png", dpi=120)
