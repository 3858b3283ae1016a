"""Share of the variance between plates and between samples."""

import sys

import bayesmixed as bm

data = bm.load_dataset("Penicillin")
fit = bm.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", data, draws=500, seed=1)
ax = fit.plot.icc()
ax.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "icc.png", dpi=120)
