"""Every subject's data with the fitted line; the population's line is dashed."""

import sys

import bayesmixed as bm

fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), method="reml")
ax = fit.plot.groups("Days")[0]
ax.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "group_facets.png", dpi=120)
