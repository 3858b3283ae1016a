# Writes satterthwaite.json: degrees of freedom, intervals and F tests of lmerTest and emmeans.
# Usage, in this folder: Rscript satterthwaite.R
suppressMessages({library(lme4); library(lmerTest); library(emmeans); library(jsonlite)})
emm_options(lmer.df = "satterthwaite", msg.interaction = FALSE, msg.nesting = FALSE)

control <- lmerControl(optimizer = "nloptwrap", calc.derivs = FALSE, check.conv.singular = "ignore",
                       optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-14, xtol_rel = 1e-12, ftol_rel = 1e-14,
                                      maxeval = 1e5))
polish <- lmerControl(optimizer = "bobyqa", calc.derivs = FALSE, check.conv.singular = "ignore",
                      optCtrl = list(rhobeg = 1e-3, rhoend = 1e-10, maxfun = 1e5))
cake <- get("cake", "package:lme4")
cake$temperature <- factor(cake$temperature, ordered = FALSE)
frames <- list(
  four_groups.csv = read.csv("four_groups.csv", stringsAsFactors = TRUE),
  uneven.csv = read.csv("uneven.csv", stringsAsFactors = TRUE),
  sleepstudy = get("sleepstudy", "package:lme4"), cake = cake,
  Penicillin = get("Penicillin", "package:lme4"), Pastes = get("Pastes", "package:lme4"))

# data, Python's formula, R's formula where it differs, what to ask beside the coefficients and the F tests
asked <- list(
  list(data = "four_groups.csv", formula = "y ~ treatment + (1 | g)", means = list("treatment"),
       pairs = list("treatment"), averages = list(list("treatment", "a", "b"))),
  list(data = "four_groups.csv", formula = "y ~ treatment + (1 | g)", method = "ml", means = list("treatment"),
       pairs = list("treatment")),
  list(data = "sleepstudy", formula = "Reaction ~ Days + (Days | Subject)", means = list("Days"),
       at = list(Days = c(0, 4.5, 9)), trends = list(list("Days", NULL)), averages = list(list("Days", 2, 7))),
  list(data = "sleepstudy", formula = "Reaction ~ Days + (Days | Subject)", method = "ml",
       means = list("Days"), at = list(Days = c(0, 4.5, 9))),
  list(data = "sleepstudy", formula = "Reaction ~ Days + I(Days^2) + (1 | Subject)"),
  list(data = "cake", formula = "angle ~ recipe * temperature + (1 | recipe:replicate)",
       means = list(c("recipe", "temperature")), pairs = list(c("recipe", "temperature")),
       averages = list(list("recipe", "A", "C"))),
  list(data = "cake", formula = "angle ~ recipe + temp + (1 | recipe:replicate)", means = list("recipe"),
       pairs = list("recipe"), trends = list(list("temp", NULL))),
  list(data = "Penicillin", formula = "diameter ~ sample + (1 | plate)", means = list("sample"),
       pairs = list("sample")),
  list(data = "Pastes", formula = "strength ~ cask + (1 | batch)", means = list("cask"), pairs = list("cask")),
  list(data = "uneven.csv", formula = "y ~ f * h + f * x + (1 | g)", means = list(c("f", "h")),
       pairs = list(c("f", "h"), c("h", "f")), trends = list(list("x", "f")),
       averages = list(list("h", "north", "south"), list("x", 1, 2))),
  list(data = "uneven.csv", formula = "y ~ f * h * x + (1 | g)", trends = list(list("x", c("f", "h")))),
  list(data = "uneven.csv", formula = "y ~ f * h + x + (x | g)", means = list(c("f", "h")),
       pairs = list(c("f", "h")), trends = list(list("x", NULL)), averages = list(list("f", "low", "top"))),
  list(data = "uneven.csv", formula = "y ~ f * h + x + (x | g)", method = "ml", means = list(c("f", "h")),
       pairs = list(c("f", "h"))),
  list(data = "uneven.csv", formula = "y ~ f * h + x + (1 | g)", weights = "w", means = list(c("f", "h")),
       pairs = list(c("h", "f"))),
  list(data = "uneven.csv", formula = "y ~ C(f, Sum) * C(h, Sum) + x + (x | g)",
       r = "y ~ C(f, contr.sum) * C(h, contr.sum) + x + (x | g)"),
  list(data = "uneven.csv", formula = "y ~ 0 + f + h + x + (x | g)", means = list(c("f", "h"))),
  list(data = "uneven.csv", formula = "y ~ h * poly(x, 2) + (1 | g)", means = list("h")),
  list(data = "uneven.csv", formula = "y ~ f + (1 | g) + (0 + x | g)", means = list("f")),
  list(data = "uneven.csv", formula = "y ~ h + h:f + x + (1 | g)"),
  list(data = "uneven.csv", without = list(f = "top", h = "north"), formula = "y ~ f * h + x + (1 | g)"),
  list(data = "uneven.csv", without = list(f = "top", h = "north"), formula = "y ~ C(f, Sum) * C(h, Sum) + x + (x | g)",
       r = "y ~ C(f, contr.sum) * C(h, contr.sum) + x + (x | g)"))

numbers <- function(table) {
  table <- as.data.frame(table)
  for (name in names(table)) if (is.factor(table[[name]])) table[[name]] <- as.character(table[[name]])
  table
}
answers <- c(SE = "se", df = "df", lower.CL = "lower", upper.CL = "upper", t.ratio = "t", p.value = "p")
renamed <- function(table, value) {
  table <- numbers(table)
  names(table)[names(table) == value] <- "value"
  known <- names(table) %in% names(answers)
  names(table)[known] <- answers[names(table)[known]]
  table
}
both <- function(grid, value) renamed(summary(grid, infer = c(TRUE, TRUE), adjust = "none"), value)

f_table <- function(m, type) {
  table <- as.data.frame(suppressMessages(anova(m, type = type)))
  names(table) <- c("sum_sq", "mean_sq", "NumDF", "DenDF", "F", "p_value")
  cbind(term = rownames(table), table, row.names = NULL)
}
averaged <- function(m, d, variable, low, high) {
  at <- function(value) {
    if (is.factor(d[[variable]])) d[[variable]][] <- value else d[[variable]] <- value
    model.matrix(delete.response(terms(m)), d)[, names(fixef(m))]
  }
  found <- contest(m, colMeans(at(high) - at(low)), joint = FALSE, confint = TRUE)
  names(found) <- c("value", "se", "df", "t", "lower", "upper", "p")
  c(list(variable = variable, low = low, high = high), as.list(found))
}
answer <- function(ask) {
  d <- frames[[ask$data]]
  reml <- is.null(ask$method)
  if (!is.null(ask$without)) d <- d[!(d$f == ask$without$f & d$h == ask$without$h), ]
  if (!is.null(ask$weights)) d$.w <- d[[ask$weights]] else d$.w <- 1
  m <- lmer(as.formula(if (is.null(ask$r)) ask$formula else ask$r), d, REML = reml, weights = .w, control = control)
  for (again in 1:3) m <- update(m, start = getME(m, "theta"), control = polish)
  m@call$formula <- formula(m); m@call$data <- d
  table <- as.data.frame(summary(m)$coefficients)
  names(table) <- c("value", "se", "df", "t", "p_value")
  means <- lapply(ask$means, function(by) list(by = I(by), rows = both(emmeans(m, by, at = ask$at, data = d), "emmean")))
  pairs <- lapply(ask$pairs, function(v) {
    grid <- if (length(v) > 1) emmeans(m, v[1], by = v[2], data = d) else emmeans(m, v, data = d)
    list(variable = v[1], by = I(v[-1]), rows = both(pairs(grid, reverse = TRUE, adjust = "none"), "estimate"))
  })
  trends <- lapply(ask$trends, function(v) {
    by <- if (length(v) > 1) v[[2]] else NULL
    grid <- emtrends(m, if (is.null(by)) ~ 1 else by, var = v[[1]], data = d)
    list(variable = v[[1]], by = I(as.character(by)), rows = both(grid, paste0(v[[1]], ".trend")))
  })
  averages <- lapply(ask$averages, function(v) averaged(m, d, v[[1]], v[[2]], v[[3]]))
  list(data = ask$data, formula = ask$formula, method = if (reml) "reml" else "ml", weights = ask$weights, without = ask$without,
       fixef = cbind(term = rownames(table), table, row.names = NULL), means = means, pairs = pairs,
       trends = trends, averages = averages, anova = sapply(c("I", "II", "III"), f_table, m = m, simplify = FALSE))
}
version <- function(name) paste(name, packageVersion(name))
made <- list(maker = paste0(R.version.string, "; ", paste(sapply(c("lme4", "lmerTest", "emmeans"), version), collapse = ", ")),
             models = lapply(asked, answer))
writeLines(toJSON(made, auto_unbox = TRUE, digits = I(10), null = "null", na = "null", pretty = FALSE), "satterthwaite.json")
