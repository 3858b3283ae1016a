"""A smooth trend with the bands of every point and of the whole curve."""

import sys

import bayesmixed as bm

fit = bm.lmer("follicles ~ s(Time, k=8) + (1 | Mare)", bm.load_dataset("Ovary"), method="reml")
ax = fit.plot.smooth("Time")
ax.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "smooth.png", dpi=120)
