"""Where everything lies in the packed block of the joint kernel.

The block begins with the header of the collapsed kernel, of which it fills what concerns theta (sizes, table
of factors, priors, Cholesky factors), so that both share the code in `collapsed.theta`. Theta there ends in
log sigma; here its place is unused, and parameters of the family follow theta.
"""

from __future__ import annotations

from bayesmixed.engines.kernel.layout import FACTOR_FACTORED, HEADER_LENGTH

# ---- the header, continued: sizes
(
    FAMILY,  # place in `likelihood.KERNELS`
    LINK,  # place in LINKS
    N_AUXILIARY,  # parameters of the family
    N_LOW,  # theta without log sigma, and the auxiliary parameters' logs
    N_EFFECTS,  # random effects, then coefficients: the order of elimination
    N_FIXED,  # coefficients
    N_ROWS,
    ONE_TRIAL,  # whether the response counts successes, and every row has one trial
    # ---- the header, continued: offsets of sections of the block
    ROW_Y,  # response of every row
    ROW_TRIALS,  # number of trials, where the family has any
    ROW_WEIGHT,  # prior weight: sigma^2 / weight is the squared scale of a normal or Student-t row
    ROW_OFFSET,
    ROW_X,  # p x n
    ROW_Z,  # for each factor n x k, see FACTOR_Z
    ROW_CODE,  # for each factor the first effect of every row's level
    AUXILIARY_PRIOR,  # seven numbers for each auxiliary parameter
    FIXED_PRIOR,  # five numbers for each coefficient
    TOTAL_CONSTANT,  # one number, added to the log density
    LOW_CENTER,  # low part of the point = LOW_CENTER + LOW_SCALE z, lower triangular
    LOW_SCALE,
    PULL,  # h: precision times mean of the normal approximation
    COLUMN_POINTER,  # its precision's Cholesky factor, compressed columns
    COLUMN_ROW,
    PRECISION_VALUE,  # precision without the random effects' own, in the pattern of the factor
    COLUMN_RUN,  # for each column the place from which on its rows follow each other without a gap
    # ---- the header, continued: offsets of sections of the workspace
    W_THETA,  # theta with its unused last place, and the gradient in it
    W_THETA_GRADIENT,
    W_AUXILIARY,  # auxiliary parameters, then what the family derives from them, then the gradient
    W_ETA,
    W_SCORE,  # derivatives of the log likelihood in the linear predictor
    W_FACTOR,  # Cholesky factor of the precision
    W_FACTOR_GRADIENT,
    W_MEAN,  # R^-1 h
    W_JOINT,  # random effects and coefficients, and the gradient in them
    W_JOINT_GRADIENT,
    W_SOLVED,
    W_LOW,
    W_LOW_GRADIENT,
    W_SMALL,  # four k x k matrices
    JOINT_HEADER_LENGTH,
) = range(HEADER_LENGTH, HEADER_LENGTH + 40)

FACTOR_Z = FACTOR_FACTORED  # in a row of the table of factors: place of its columns in ROW_Z

LINKS = ("identity", "log", "inverse", "logit", "probit", "cloglog")
IDENTITY, LOG, INVERSE, LOGIT, PROBIT, CLOGLOG = range(len(LINKS))

MOST_AUXILIARY = 2
DERIVED = 3  # numbers that a family derives from its auxiliary parameters once for all rows
