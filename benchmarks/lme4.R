# Times of lme4 for one case: Rscript lme4.R DATA.csv FORMULA FACTORS REPEATS BOOTSTRAP, seconds on one line each.
suppressMessages(library(lme4))
given <- commandArgs(trailingOnly = TRUE)
data <- read.csv(given[1])
formula <- as.formula(given[2])
for (name in strsplit(given[3], ",")[[1]]) data[[name]] <- factor(data[[name]])
seconds <- function(task) system.time(task())[["elapsed"]]
fit <- lmer(formula, data)
cat("fit", median(replicate(as.integer(given[4]), seconds(function() lmer(formula, data)))), "\n")
refits <- as.integer(given[5])
if (refits > 0) {
  cat("profile", seconds(function() suppressMessages(confint(fit, method = "profile"))), "\n")
  set.seed(1)
  cat("boot", seconds(function() suppressMessages(confint(fit, method = "boot", nsim = refits))), "\n")
}
cat("version", as.character(packageVersion("lme4")), "\n")
