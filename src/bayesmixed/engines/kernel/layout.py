"""Where everything lies in the one packed block that the kernel reads, and in its workspace.

The block is an array of 8-byte words, read as integers or as doubles. Its first words are the header: sizes,
and the offset of every section. The workspace is a second array of doubles, made anew for each evaluation, so
that chains can share the block. The names are plain integers because Numba reads them as constants.
"""

from __future__ import annotations

# ---- the header: sizes
(
    WORDS,  # of the block
    WORK_WORDS,  # of the workspace
    DIGEST,  # of the sources that packed the block
    DIMENSION,  # of the point that NUTS walks over
    N_THETA,  # log sds, coordinates of correlations, log sigma
    N_FACTORS,
    N_CHAIN,  # factors eliminated level by level
    N_COEFFICIENTS,  # that are integrated
    N_ROOT,  # dense random effects and integrated coefficients
    N_INTEGRATED,  # random effects of chain and dense factors, then coefficients
    N_SAMPLED,  # effects that stay with NUTS
    N_SAMPLED_COEFFICIENTS,  # of them, coefficients: they come first
    N_STRETCH,
    SIGMA,  # place of log sigma in theta where standard deviations are relative to it, else -1
    CLASS_SIGMA,  # place of log sigma in theta where it is the residual predictor of every class, else -1
    N_TERMS,  # matrices whose weighted sum the cross-products are, 0: they stay as they are
    N_VALUES,  # numbers from VALUES on that the terms make
    N_CLASSES,  # classes of rows whose residuals have one standard deviation, 0: all have sigma
    SERIAL,  # place in `serial.SERIALS` of the correlations of residuals
    SERIAL_THETA,  # place of their coordinates in theta
    N_SERIAL,  # number of these coordinates
    N_KINDS,  # of factors that the correlations give to terms
    SCALE_THETA,  # place in theta of the coefficients of the residual predictor
    N_SCALE,  # number of these coefficients
    PROFILE,  # 1: coefficients are profiled (maximum likelihood), 0: integrated
    POTRF,  # addresses of LAPACK's Cholesky factorization and of the inverse made from it
    POTRI,
    # ---- the header: offsets of sections of the block
    FACTORS,  # table of factors, see FACTOR_*
    SETS,  # table of the sets of effects of each factor, see SET_*
    PARENT,  # of every node (level of a chain factor): a node, or -1 for the root
    N_COLUMNS,  # of every node: later columns that its row touches
    ROW_START,  # of every node: offset of its row [K_jj K_jF] in the block
    MAP_START,  # of every node: offset of its columns in MAP and in COLUMN
    FRONT_START,  # of every inner node: place of its front in the workspace
    COVARIANCE_START,  # of every inner node: place of the covariances of its front's columns
    MAP,  # for each column of a node its place in the parent's front
    COLUMN,  # for each column of a node its place among all integrated columns
    ROWS,  # the rows themselves, raw cross-products; here begin the values that terms make
    ROOT,  # raw cross-products of the root, q x q
    RESPONSE,  # cross-products of all integrated columns with y
    RESPONSE_SQUARED,  # of y with itself; here these values end
    SCALARS,  # see SCALAR_*
    MULTIPLICITY,  # how often a value stands in the symmetric matrix of all cross-products
    TERM_POINTER,  # terms x values, compressed rows
    TERM_INDEX,
    TERM_VALUE,
    TERM_KIND,  # of every term the kind of factor, and the two classes of its rows
    TERM_FIRST,
    TERM_SECOND,
    SERIAL_NUMBERS,  # what the correlations' function reads
    CLASS_COUNT,  # rows of every class
    CLASS_OFFSET,  # of the residual predictor
    CLASS_KNOWN,  # known variance beside sigma's
    CLASS_FIXED,  # classes x coefficients of the residual predictor
    CLASS_POINTER,  # classes x sampled columns, compressed rows
    CLASS_INDEX,
    CLASS_VALUE,
    PRECISION,  # prior precision of the integrated coefficients
    THETA_PRIOR,  # seven numbers for each sd and for sigma, of them five for each coordinate of a correlation
    SAMPLED_PRIOR,  # five numbers for each sampled coefficient
    CENTER,  # point = CENTER + SCALE z for theta (SCALE lower triangular), elementwise for sampled effects
    SCALE,
    SAMPLED_SCALE,
    STRETCH,  # directions among the sampled effects in which they are wider: N_STRETCH unit vectors
    STRETCH_AMOUNT,  # by how much more than 1
    CROSS_POINTER,  # integrated columns x sampled columns, compressed rows
    CROSS_INDEX,
    CROSS_VALUE,
    TRANSPOSED_POINTER,  # the same, sampled columns x integrated columns
    TRANSPOSED_INDEX,
    TRANSPOSED_VALUE,
    GRAM_POINTER,  # sampled columns x sampled columns, compressed rows
    GRAM_INDEX,
    GRAM_VALUE,
    SAMPLED_RESPONSE,  # cross-products of the sampled columns with y
    # ---- the header: offsets of sections of the workspace
    W_LAMBDA,  # Cholesky factors of all factors, relative to sigma where integrated
    W_LAMBDA_TRANSPOSED,
    W_LOG_GRADIENT,  # half the gradient of log|A| in them
    W_RSS_GRADIENT,  # minus half the gradient of the residual sum of squares in them
    W_ROOT,  # root after elimination, raw, q x q
    W_INVERSE,  # of the root, q x q: A, its Cholesky factor, its inverse, the covariance over sigma^2
    W_FRONTS,  # fronts of the inner nodes, then their covariances
    W_FRONT_COVARIANCES,
    W_FACTORED,  # M and R of every node, 2 k^2 each
    W_RESPONSE,  # cross-products with y after elimination
    W_EFFECTS,  # conditional means of all integrated columns
    W_SCRATCH,
    W_POINT,  # theta and sampled effects at the current point, and the gradient in them
    W_POINT_GRADIENT,
    W_SAMPLED,  # sampled effects in the units of their columns
    W_SAMPLED_GRADIENT,
    W_VALUES,  # cross-products that the terms make
    W_LOG_PRODUCTS,  # gradient of log|A| in every value
    W_RSS_PRODUCTS,  # gradient of the residual sum of squares in every value
    W_TERMS,  # factor of every term, and the gradients of both in it
    W_TERM_LOG_SLOPES,
    W_TERM_RSS_SLOPES,
    W_KINDS,  # factors that the correlations give, and the gradient in them
    W_KIND_SLOPES,
    W_CLASSES,  # log standard deviation of every class, its derivative in the predictor, the gradient in it
    W_CLASS_RATES,
    W_CLASS_SLOPES,
    W_SERIAL,  # scratch of the correlations' function
    HEADER_LENGTH,
) = range(104)

# ---- one row of the table of factors: chain, dense, sampled, then those of the residual predictor
(
    FACTOR_K,  # effects
    FACTOR_J,  # levels
    FACTOR_ROLE,
    FACTOR_FIRST_NODE,  # chain: its first node
    FACTOR_FIRST_COLUMN,  # among the integrated columns, or among the sampled ones
    FACTOR_LAMBDA,  # place of its k x k Cholesky factor
    FACTOR_THETA,  # place of its parameters in theta: log sds, then the coordinates of its sets
    FACTOR_DEVIATIONS,  # number of log sds
    FACTOR_COORDINATES,
    FACTOR_N_SETS,
    FACTOR_FIRST_SET,
    FACTOR_CENTRED,  # sampled: 1 when NUTS walks over the effects, 0 over their standard normal deviates
    FACTOR_FACTORED,  # chain: place of M and R of its first node
    FACTOR_ROOT,  # dense: place of its first effect in the root
    FACTOR_LENGTH,
) = range(15)

# ---- one row of the table of sets
(
    SET_SIZE,  # effects
    SET_KERNEL,  # place in `theta.KERNELS`
    SET_APART,  # 1: every effect has an sd of its own, 0: all have one
    SET_COORDINATES,
    SET_LENGTH,
) = range(5)

CHAIN, DENSE, SAMPLED = range(3)

SCALAR_N_ROWS, SCALAR_CONSTANT = range(2)

SMALL_ROOT = 24  # largest root that is factored without LAPACK, whose calls cost more than the arithmetic

PRIOR_WORDS = 7
COEFFICIENT_PRIOR_WORDS = 5
