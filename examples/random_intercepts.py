"""Lesson one: every student starts somewhere else, and all improve alike.

The students are simulated, so the truth is known and stands beside the estimates.
"""

import bayesmixed as bm

students = bm.simulate_data(
    "gpa ~ occasion + (1 | student)",
    groups={"student": 60},
    per_group=6,
    predictors={"occasion": "sequence"},
    fixed={"Intercept": 2.6, "occasion": 0.106},
    sd={"student": 0.25},
    sigma=0.24,
    seed=11,
)
fit = bm.lmer(students.formula, students.data, seed=1)

print("Truth beside estimate:")
print(bm.recover(students, fit))

print("\nShare of the variance between students:")
print(fit.icc()[["group", "icc", "lower_2.5", "upper_97.5"]])
