"""From every subject's own regression to its partially pooled estimate."""

import sys

import bayesmixed as bm

pooled = bm.pooling("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), method="reml")
ax = pooled.plot.shrinkage()
ax.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "pooling_shrinkage.png", dpi=120)
