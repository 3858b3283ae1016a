# Rscript regressions.R > regressions.json: lm, glm and lmList of R 4.2.2, MASS, survival and nlme,
# of the rows that the file holds.
suppressMessages({library(MASS); library(survival); library(nlme); library(jsonlite)})
set.seed(20)
n <- 60
d <- data.frame(
  x = round(rnorm(n, 2, 1.5), 3), z = round(runif(n, -1, 1), 3),
  f = sample(c("a", "b", "c"), n, TRUE), w = round(runif(n, 0.5, 3), 2), o = round(rnorm(n, 0, 0.3), 3),
  g = rep(sprintf("g%02d", 1:10), each = 6))
d$y <- round(3 + 1.2 * d$x - 0.8 * (d$f == "b") + rnorm(n, 0, 1.3), 3)
eta <- -0.4 + 0.5 * d$x - 0.6 * d$z
d$trials <- sample(3:12, n, TRUE)
d$k <- rbinom(n, d$trials, plogis(eta / 1.5))
d$b <- rbinom(n, 1, plogis(eta))
d$count <- rpois(n, exp(eta))
d$over <- rnbinom(n, mu = exp(eta + 0.8), size = 1.7)
d$time <- round(rgamma(n, 3, 3 / exp(eta)), 4)
d$life <- round(rweibull(n, 1.8, exp(eta)), 4)

linear <- function(fit) {
  s <- summary(fit); f <- unname(s$fstatistic)
  list(coefficients = unname(coef(s)), sigma = s$sigma, r2 = s$r.squared, adj_r2 = s$adj.r.squared,
       f = f, aic = AIC(fit), bic = BIC(fit), loglik = as.numeric(logLik(fit)), deviance = deviance(fit),
       vcov = unname(vcov(fit)), confint = unname(confint(fit)), fitted = unname(fitted(fit)),
       se_fitted = unname(predict(fit, se.fit = TRUE)$se.fit), hat = unname(hatvalues(fit)),
       cooks = unname(cooks.distance(fit)), standardized = unname(rstandard(fit)),
       studentized = unname(rstudent(fit)), sigma_without = unname(influence(fit)$sigma))
}
general <- function(fit, dispersion = NULL) {
  s <- summary(fit, dispersion = dispersion)
  phi <- if (is.null(dispersion)) 1 else dispersion
  list(coefficients = unname(coef(s)[, 1:2]), deviance = deviance(fit), null_deviance = fit$null.deviance,
       df_residual = df.residual(fit), df_null = fit$df.null, vcov = unname(vcov(s)), hat = unname(hatvalues(fit)),
       pearson = unname(residuals(fit, "pearson")), fitted = unname(fitted(fit)),
       standardized = unname(residuals(fit, "pearson") / sqrt(phi * (1 - hatvalues(fit)))),
       cooks = unname((residuals(fit, "pearson") / (1 - hatvalues(fit)))^2 * hatvalues(fit) / (phi * fit$rank)))
}
with_likelihood <- function(fit, ...) c(general(fit, ...), list(loglik = as.numeric(logLik(fit)), aic = AIC(fit)))

options(warn = -1)
tight <- glm.control(epsilon = 1e-40, maxit = 60)  # as many steps, so that all digits are there
gamma_fit <- function(link) {
  fit <- glm(time ~ x + z, Gamma(link), d, control = tight)
  shape <- gamma.shape(fit, it.lim = 100, eps.max = 1e-12)$alpha
  c(general(fit, 1 / shape), list(alpha = shape, loglik = sum(dgamma(d$time, shape, shape / fitted(fit), log = TRUE))))
}
binomial_fit <- function(link) with_likelihood(glm(cbind(k, trials - k) ~ x + z, binomial(link), d, control = tight))
nb <- glm.nb(over ~ x + z, d, control = tight)
for (i in 1:50) {  # alternate until both are at the maximum
  theta <- theta.ml(d$over, fitted(nb), n, limit = 100, eps = 1e-14)
  nb <- glm(over ~ x + z, negative.binomial(as.numeric(theta)), d, control = tight)
}
weibull <- survreg(Surv(life) ~ x + z, d, dist = "weibull", control = survreg.control(rel.tolerance = 1e-15, maxiter = 200))
lognormal <- lm(log(time) ~ x + z, d)
groups <- lapply(split(d, d$g), function(part) { s <- summary(lm(y ~ x, part)); list(coefficients = unname(coef(s)), sigma = s$sigma, n = nrow(part)) })
pooled <- lmList(y ~ x | g, d)

write(toJSON(list(
  maker = paste("regressions.R under", R.version.string),
  data = d,
  lm = list(
    plain = linear(lm(y ~ x + f, d)),
    weighted = linear(lm(y ~ x * f, d, weights = w)),
    offset = linear(lm(y ~ x + offset(o), d)),
    origin = linear(lm(y ~ 0 + x + z, d))),
  anova = list(one = lapply(as.list(anova(lm(y ~ x + f, d))), unname),
               two = lapply(as.list(anova(lm(y ~ x, d), lm(y ~ x + f, d))), unname)),
  predict = lapply(c(mean = "confidence", response = "prediction"), function(kind)
    unname(predict(lm(y ~ x + f, d), data.frame(x = c(0, 3), f = c("b", "c")), interval = kind))),
  glm = list(
    logit = binomial_fit("logit"), probit = binomial_fit("probit"), cloglog = binomial_fit("cloglog"),
    bernoulli = with_likelihood(glm(b ~ x + z, binomial, d, control = tight)),
    poisson = with_likelihood(glm(count ~ x + z + offset(o), poisson, d, control = tight)),
    gamma_log = gamma_fit("log"), gamma_inverse = gamma_fit("inverse"),
    negativebinomial = c(general(nb, 1), list(alpha = as.numeric(theta),
      loglik = sum(dnbinom(d$over, mu = fitted(nb), size = as.numeric(theta), log = TRUE))))),
  profile = unname(suppressMessages(confint(glm(b ~ x + z, binomial, d, control = tight)))),
  weibull = list(coefficients = unname(coef(weibull)), scale = weibull$scale, vcov = unname(vcov(weibull)),
                 loglik = weibull$loglik[2]),
  lognormal = list(coefficients = unname(coef(lognormal)), sigma = sqrt(mean(resid(lognormal)^2)),
                   loglik = as.numeric(logLik(lognormal)) - sum(log(d$time))),
  groups = groups, pooled_sigma = summary(pooled)$RSE, pooled_df = summary(pooled)$df.residual,
  pooled_coef = lapply(c(Intercept = "(Intercept)", x = "x"), function(t) unname(summary(pooled)$coefficients[, , t]))
), digits = I(17), auto_unbox = TRUE, matrix = "rowmajor"), stdout())
