# What R makes of formulas: rank, residual sum of squares and coefficients of lm, log-likelihood and fixed
# effects of lmer, for every template with every kind of column. Run in this folder: Rscript r_formulas.R
# Contrasts of ordered factors are treatment contrasts here, as in bayesmixed; R's own are polynomial.
library(lme4)
library(jsonlite)
options(contrasts = c("contr.treatment", "contr.treatment"))

set.seed(7)
n <- 96
d <- data.frame(
  x = round(rnorm(n), 3), z = round(runif(n, 1, 3), 3), w = round(rnorm(n), 3), k = sample(1:3, n, TRUE),
  f = sample(c("a", "b", "c"), n, TRUE), s = sample(c("p", "q"), n, TRUE),
  u = factor(sample(c("u", "v", "w"), n, TRUE), levels = c("v", "w", "u")),
  o = factor(sample(c("lo", "mid", "hi"), n, TRUE), levels = c("lo", "mid", "hi"), ordered = TRUE),
  b = sample(c(TRUE, FALSE), n, TRUE), g = rep(sprintf("g%02d", 1:12), each = 8)
)
of_group <- function(size) rep(rnorm(12, 0, size), each = 8)
d$y <- round(
  10 + d$x + d$z + 2 * d$b + of_group(2) + of_group(2) * d$b + of_group(1.5) * (d$f == "b") +
    of_group(1) * (d$x > 0) + of_group(1) * d$z + rnorm(n),
  3
)

kinds <- c("x", "k", "f", "u", "o", "b", "I(x > 0)", "factor(k)")
templates <- c(
  "A", "0 + A", "A - 1", "z:A", "0 + z:A", "z + z:A", "A + z:A", "z * A", "z %in% A", "w + z %in% A", "z / A", "A / z",
  "A:s", "0 + A:s", "s + A:s", "A * s", "0 + A * s", "A %in% s", "s / A", "0 + s + A", "0 + A + s", "z:A:s", "(z + A + s)^2"
)
others <- c(
  "sin(2 * pi * x)", "I(pi * x) + cos(pi * z / 2)", "scale(x) * b", "poly(x, 2):b", "bs(x, df = 4) + b", "I(b)",
  "0 + I(b == TRUE)", "as.numeric(b)", "I(b * x)", "I(x^2):b", "log(z):b", "b:I(x > 0)", "0 + b:f", "b * f * z", "(b + w) %in% f",
  "b %in% (f + s)", "b * w %in% f", "w + b / f", "b %in% f:s", "C(u, contr.sum) * b", "C(o, contr.poly)",
  "0 + C(o, contr.poly)", "z:C(o, contr.poly)", "C(u, contr.helmert):b"
)
bars <- c(
  "z + (A | g)", "z + (0 + A | g)", "0 + A + (1 | g)", "z:A + (1 | g)", "A + (0 + z:A | g)"
)
mixed_kinds <- c("b", "I(x > 0)", "f")

linear <- function(formula) {
  m <- lm(as.formula(paste("y ~", formula)), d)
  out <- list(rank = m$rank, rss = sum(resid(m)^2))
  numbered <- grepl("contr.sum", formula, fixed = TRUE)
  if (!anyNA(coef(m)) && !numbered) out$coefficients <- as.list(coef(m))
  out
}
mixed <- function(formula) {
  tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5), calc.derivs = FALSE)
  m <- lmer(as.formula(formula), if (startsWith(formula, "Reaction")) sleep else d, control = tight)
  list(log_likelihood = as.numeric(logLik(m)), fixef = as.list(fixef(m)))
}
of_all <- function(formulas, fit) setNames(lapply(formulas, fit), formulas)
filled <- function(templates, kinds) as.vector(outer(templates, kinds, function(t, k) mapply(gsub, "\\bA\\b", k, t)))

library(splines)
sleep <- transform(sleepstudy, late = Days > 4)
sleepstudy_formulas <- paste("Reaction ~", c(
  "0 + late + (1 | Subject)", "late + (1 | Subject)", "Days + (0 + late | Subject)", "Days + (late | Subject)",
  "Days:late + (1 | Subject)", "0 + Days:late + (1 | Subject)", "Days + (0 + Days:late | Subject)", "late / Days + (1 | Subject)",
  "I(Days > 4) + (0 + I(Days > 4) | Subject)"
))
version <- function(package) paste(package, packageVersion(package))
reference <- list(
  maker = paste(c(R.version.string, version("lme4")), collapse = ", "),
  data = as.list(d),
  linear = of_all(c(filled(templates, kinds), others), linear),
  mixed = of_all(c(paste("y ~", filled(bars, mixed_kinds)), sleepstudy_formulas), mixed)
)
write(toJSON(reference, auto_unbox = TRUE, digits = 12), "r_formulas.json")
