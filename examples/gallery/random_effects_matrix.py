"""Random effects against each other, with ellipses of their distribution."""

import sys

import bayesmixed as bm

fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), seed=1)
axes = fit.plot.ranef_matrix()
axes[0, 0].figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "random_effects_matrix.png", dpi=120)
