"""The fitted lines of all subjects in one panel."""

import sys

import bayesmixed as bm

fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), method="reml")
ax = fit.plot.groups("Days", facets=False)
ax.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "group_lines.png", dpi=120)
