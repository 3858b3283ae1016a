# Makes rank_deficient.json: lme4's fits of models whose X has columns that depend on others, with emmeans' means of
# cells and lmerTest's tests of terms, and of models whose X has no columns.
suppressMessages({library(lme4); library(lmerTest); library(emmeans); library(jsonlite)})
set.seed(13)
d <- expand.grid(f = c("a", "b", "c"), h = c("x", "y", "z"), g = paste0("g", 1:8), k = 1:2, stringsAsFactors = FALSE)
d$t <- round(rnorm(nrow(d)), 3)
d$w <- round(runif(nrow(d), 0.5, 2), 3)
u <- rnorm(8)
d$y <- round(2 + 0.7 * d$t + (d$f == "b") - 0.5 * (d$h == "z") * (d$f == "c") + u[match(d$g, paste0("g", 1:8))] + rnorm(nrow(d)), 3)
d$t2 <- 2 * d$t + 3
d$is_b <- as.numeric(d$f == "b")
d$k <- NULL
rows <- list(
  all = rep(TRUE, nrow(d)),
  one_cell = !(d$f == "c" & d$h == "y"),
  reference_cell = !(d$f == "a" & d$h == "x"),
  two_cells = !(d$f == "c" & d$h != "x")
)
cases <- list(
  list(name = "empty cell", formula = "y ~ f*h + t + (1 | g)", rows = "one_cell"),
  list(name = "empty cell of the reference levels", formula = "y ~ f*h + t + (1 | g)", rows = "reference_cell"),
  list(name = "two empty cells, slope in a cell", formula = "y ~ f*h*t + (1 | g)", rows = "two_cells"),
  list(name = "no intercept", formula = "y ~ 0 + f*h + (1 | g)", rows = "one_cell"),
  list(name = "same number twice", formula = "y ~ t2 + t + (t | g)", rows = "all"),
  list(name = "dummy after its factor", formula = "y ~ f + is_b + t + (1 | g)", rows = "all"),
  list(name = "dummy before its factor, weights", formula = "y ~ is_b + f + h + (1 | g)", rows = "all", weights = TRUE),
  list(name = "no fixed effects", formula = "y ~ 0 + (1 | g)", rows = "all"),
  list(name = "no fixed effects but an offset, weights", formula = "y ~ 0 + offset(t) + (1 | g)", rows = "all", weights = TRUE),
  list(name = "no fixed effects, random slopes", formula = "y ~ 0 + (t | g)", rows = "all")
)
fits <- list()
for (case in cases) for (by in c("reml", "ml")) {
  used <- d[rows[[case$rows]], ]
  used$case_weight <- if (isTRUE(case$weights)) used$w else 1
  fit <- suppressMessages(lmerTest::lmer(as.formula(case$formula), used, weights = case_weight, REML = by == "reml",
    control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.1, rhoend = 1e-10, maxfun = 1e6))))
  entry <- list(name = case$name, formula = case$formula, rows = which(rows[[case$rows]]) - 1, weights = isTRUE(case$weights),
    by = by, fixef = as.list(fixef(fit)), dropped = as.list(names(attr(getME(fit, "X"), "col.dropped"))),
    ranef = unname(as.matrix(ranef(fit)$g)), vcov = unname(as.matrix(vcov(fit))), logLik = as.numeric(logLik(fit)), sigma = sigma(fit), df = attr(logLik(fit), "df"))
  if (grepl("f*h", case$formula, fixed = TRUE)) {
    means <- as.data.frame(emmeans(fit, ~ f * h, lmer.df = "asymptotic", data = used))
    entry$emmeans <- lapply(seq_len(nrow(means)), function(i) list(f = as.character(means$f[i]), h = as.character(means$h[i]), value = means$emmean[i], se = means$SE[i]))
  }
  if (by == "reml" && length(fixef(fit))) {
    tests <- lapply(c("I", "II", "III"), function(type) {
      table <- suppressMessages(as.data.frame(anova(fit, type = type)))
      table <- table[!is.na(table[["F value"]]), ]
      list(type = type, term = as.list(rownames(table)), NumDF = as.list(table$NumDF), DenDF = as.list(table$DenDF), F = as.list(table[["F value"]]))
    })
    entry$anova <- tests
  }
  fits[[length(fits) + 1]] <- entry
}
out <- list(maker = paste0(R.version.string, ", lme4 ", packageVersion("lme4"), ", lmerTest ", packageVersion("lmerTest"), ", emmeans ", packageVersion("emmeans")),
  frame = as.list(d), fits = fits)
write_json(out, "rank_deficient.json", auto_unbox = TRUE, digits = 12, na = "null")
