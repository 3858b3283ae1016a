"""The population's line and the lines of two subjects, with bands."""

import sys

import bayesmixed as bm

fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), method="reml")
ax = fit.plot.line("Days", group=["308", "335"])
ax.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "population_and_groups.png", dpi=120)
