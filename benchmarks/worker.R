# One R system fits one model in a fresh process, as worker.py does in Python:
# Rscript worker.R SYSTEM CASE.json DATA.csv DRAWS.bin --seed SEED --fits FITS
given <- commandArgs(trailingOnly = TRUE)
system <- given[1]
case <- jsonlite::fromJSON(given[2])
seed <- as.integer(given[6])
fits <- as.integer(given[8])

suppressPackageStartupMessages(library(system, character.only = TRUE))
options(warn = -1)
if (system == "brms" && !dir.exists(system.file("include", package = "BH"))) {
  rstan::rstan_options(boost_lib = "/usr/include")  # Debian's BH is empty: Boost stands with the system's headers
}

data <- read.csv(given[3], colClasses = setNames(rep("character", length(case$factors)), case$factors))
for (name in case$factors) data[[name]] <- factor(data[[name]])
response <- if (system == "brms") "\\1 | trials(\\2)" else "cbind(\\1, \\2 - \\1)"
formula <- lapply(sub("^prop\\((\\w+), (\\w+)\\)", response, case$formula), as.formula)
formula <- if (length(formula) > 1) do.call(brms::bf, formula) else formula[[1]]
linear <- case$family == "gaussian"
family <- if (system != "brms" && case$family == "bernoulli") "binomial" else case$family

fit_lme4 <- function(seed, previous) {
  if (linear) lmer(formula, data) else glmer(formula, data, family = family)
}
fit_rstanarm <- function(seed, previous) {
  if (linear) stan_lmer(formula, data, chains = 4, iter = 2000, cores = 2, refresh = 0, seed = seed)
  else stan_glmer(formula, data, family = family, chains = 4, iter = 2000, cores = 2, refresh = 0, seed = seed)
}
fit_brms <- function(seed, previous) {
  if (!is.null(previous)) return(update(previous, recompile = FALSE, cores = 2, refresh = 0, silent = 2, seed = seed))
  brm(formula, data, family = family, chains = 4, iter = 2000, cores = 2, refresh = 0, silent = 2, seed = seed,
      backend = "rstan")
}
fit <- list(lme4 = fit_lme4, rstanarm = fit_rstanarm, brms = fit_brms)[[system]]

# Draws of all quantities, (draw, chain, quantity); R stores the first index fastest.
draws_of <- function(answer) {
  draws <- if (system == "brms") posterior::as_draws_array(answer) else as.array(answer)
  draws[, , !dimnames(draws)[[3]] %in% c("lp__", "lprior", "log-posterior", "mean_PPD"), drop = FALSE]
}
peak_gigabytes <- function() {
  if (!file.exists("/proc/self/status")) return(0)
  line <- grep("^VmHWM", readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) * 1024 / 1e9
}
say <- function(word, ...) {
  cat(word, ...)
  cat("\n")
  flush(stdout())
}

answer <- fit(seed, NULL)
print(fixef(answer))
say("FIRST")
if (fits > 1) {
  started <- proc.time()[["elapsed"]]
  answer <- fit(seed + 1, answer)
  found <- list(fit = proc.time()[["elapsed"]] - started, peak_gigabytes = peak_gigabytes(), rows = nrow(data))
  if (system != "lme4") {
    stanfit <- if (system == "brms") answer$fit else answer$stanfit
    found$divergences <- rstan::get_num_divergent(stanfit)
  }
  say("SECOND", jsonlite::toJSON(found, auto_unbox = TRUE, digits = NA))
  if (system != "lme4") {
    draws <- draws_of(answer)
    writeBin(as.double(draws), given[4])
    say("DRAWS", jsonlite::toJSON(rev(dim(draws))))
  }
}
