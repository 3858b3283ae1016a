"""Random effects against normal quantiles."""

import sys

import bayesmixed as bm

fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), method="reml")
axes = fit.plot.ranef_quantiles()
axes[0].figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "random_effects_quantiles.png", dpi=120)
