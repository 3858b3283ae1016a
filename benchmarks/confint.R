# Seconds of lme4's intervals for one case: Rscript confint.R DATA.csv FORMULA FACTORS REFITS, one on each line.
suppressMessages(library(lme4))
given <- commandArgs(trailingOnly = TRUE)
data <- read.csv(given[1])
for (name in strsplit(given[3], ",")[[1]]) data[[name]] <- factor(data[[name]])
fit <- lmer(as.formula(given[2]), data)
seconds <- function(...) system.time(suppressMessages(confint(fit, ...)))[["elapsed"]]
cat("profile", seconds(method = "profile"), "\n")
set.seed(1)
cat("boot", seconds(method = "boot", nsim = as.integer(given[4])), "\n")
cat("version", as.character(packageVersion("lme4")), "\n")
