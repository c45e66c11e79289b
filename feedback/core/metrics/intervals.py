"""Confidence intervals, tests and sample sizes, with the standard library only.

Shares are between 0 and 1, net scores between -1 and 1; the measures convert them to points and per cent.
`confidence` is the two-sided level, 0.95 by default.

Sources
    Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22.
    Newcombe (1998), Interval estimation for the difference between independent proportions:
        comparison of eleven methods, Statistics in Medicine 17 (its method 10).
    Agresti and Min (2005), Simple improved confidence intervals for comparing matched proportions,
        Statistics in Medicine 24; Bonett and Price (2012), Adjusted Wald confidence interval for a
        difference of binomial proportions based on paired data, J. Educ. Behav. Stat. 37. Sauro and
        Lewis (MeasuringU) apply the idea to the Net Promoter Score and recommend 3/4 as adjustment.
    Welch (1947), The generalization of Student's problem when several different population
        variances are involved, Biometrika 34.
    NIST Digital Library of Mathematical Functions, section 8.17 (incomplete beta function).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

_NORMAL = NormalDist()
_NEARLY_NORMAL = 1e7  # degrees of freedom from which Student's t equals the normal to six digits
_TINY = 1e-300
_PRECISION = 1e-15

NET_ADJUSTMENT = 0.75  # added to promoters and to detractors
NET_ADDED = 3  # and hence to the number of answers


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval, in the unit of the estimate."""

    low: float
    high: float

    def clamped(self, minimum: float, maximum: float) -> Interval:
        """The part of the interval inside the scale."""
        return Interval(max(self.low, minimum), min(self.high, maximum))

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Moments:
    """The input of a t interval: number of answers, mean, sample variance (n - 1)."""

    n: int
    mean: float
    variance: float


# --- Quantiles -----------------------------------------------------------------------------------


def z_quantile(confidence: float) -> float:
    """How many standard errors a two-sided interval spans on each side: 1.96 for 0.95."""
    return _NORMAL.inv_cdf(1 - _tail(confidence))


def two_sided_p(z: float) -> float:
    """The p-value of a standard normal statistic."""
    return math.erfc(abs(z) / math.sqrt(2))  # keeps the digits that 1 - cdf would lose


def t_quantile(confidence: float, df: float) -> float:
    """The two-sided quantile of Student's t: 2.776 for 0.95 and 4 degrees of freedom.

    Newton's method from the normal quantile. That start lies below the root, and right of zero the
    distribution function is concave: every step goes right and stops short of the root. A step that does
    not is rounding, and the end.
    """
    if df <= 0:
        raise ValueError(f"Student's t needs more than {df} degrees of freedom.")
    t = z_quantile(confidence)
    if df >= _NEARLY_NORMAL:
        return t
    for _ in range(200):
        step = (t_upper_tail(t, df) - _tail(confidence)) / _t_density(t, df)
        t += step
        if step <= 1e-12 * t:
            return t
    raise ArithmeticError(f"Student's t has no quantile that we can find for {confidence} and {df}.")


def t_upper_tail(t: float, df: float) -> float:
    """P(T > t) for t >= 0 and Student's t with `df` degrees of freedom (DLMF 8.17 with b = 1/2)."""
    if df >= _NEARLY_NORMAL:
        return two_sided_p(t) / 2
    return incomplete_beta(df / 2, 0.5, df / (df + t * t), t * t / (df + t * t)) / 2


def f_quantile(share: float, df1: float, df2: float) -> float:
    """The value that an F distribution with these degrees of freedom stays below with probability `share`.

    Bisection of the incomplete beta function (DLMF 8.17): F <= f where B = df1 f / (df1 f + df2) <= x.
    """
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if incomplete_beta(df1 / 2, df2 / 2, middle, 1 - middle) < share:
            low = middle
        else:
            high = middle
    return df2 * low / (df1 * (1 - low))


def incomplete_beta(a: float, b: float, x: float, y: float) -> float:
    """The regularised incomplete beta function I_x(a, b), for y = 1 - x.

    The caller gives y because it knows it more exactly than the subtraction would.
    """
    if x <= 0 or y <= 0:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(_log_inverse_beta(a, b) + a * _log(x, y) + b * _log(y, x))
    if x < (a + 1) / (a + b + 2):  # where the continued fraction converges fast
        return front * _beta_fraction(a, b, x) / a
    return 1 - front * _beta_fraction(b, a, y) / b


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction DLMF 8.17.22, evaluated from the front (modified Lentz)."""
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 1000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < _PRECISION:
            break
    return value


def _log(x: float, y: float) -> float:
    """log x, given y = 1 - x; exact even if x is so close to 1 that only y holds the difference."""
    return math.log1p(-y) if y < 0.5 else math.log(x)


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _t_density(t: float, df: float) -> float:
    log_density = _log_inverse_beta(df / 2, 0.5) - math.log(df) / 2 - (df + 1) / 2 * math.log1p(t * t / df)
    return math.exp(log_density)


def _log_inverse_beta(a: float, b: float) -> float:
    return math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)


def _tail(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"The confidence level must be between 0 and 1 (such as 0.95), not {confidence}.")
    return (1 - confidence) / 2


# --- Shares --------------------------------------------------------------------------------------


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Wilson's score interval for a share; sensible even for 0 or n of n (n >= 1)."""
    z, p = z_quantile(confidence), successes / n
    centre = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if successes == 0 else (centre - half) / scale  # exactly 0, without a rounding error
    high = 1.0 if successes == n else (centre + half) / scale
    return Interval(low, high)


def newcombe(successes_1: int, n_1: int, successes_2: int, n_2: int, confidence: float = 0.95) -> Interval:
    """Newcombe's hybrid score interval for p1 - p2 (method 10: two Wilson intervals squared and added)."""
    p_1, p_2 = successes_1 / n_1, successes_2 / n_2
    one, two = wilson(successes_1, n_1, confidence), wilson(successes_2, n_2, confidence)
    difference = p_1 - p_2
    return Interval(
        difference - math.hypot(p_1 - one.low, two.high - p_2),
        difference + math.hypot(one.high - p_1, p_2 - two.low),
    )


def two_shares_p(successes_1: int, n_1: int, successes_2: int, n_2: int) -> float:
    """p-value of the z test for two independent shares, with the pooled variance."""
    pooled = (successes_1 + successes_2) / (n_1 + n_2)
    variance = pooled * (1 - pooled) * (1 / n_1 + 1 / n_2)
    if variance == 0:  # the share is 0 or 1 in both groups
        return 1.0
    return two_sided_p((successes_1 / n_1 - successes_2 / n_2) / math.sqrt(variance))


# --- Net scores ----------------------------------------------------------------------------------


def adjusted_net(good: int, bad: int, n: int) -> tuple[float, float]:
    """The adjusted net share N' and its variance: 3/4 is added to both sides, 3 to the number of answers."""
    total = n + NET_ADDED
    p, d = (good + NET_ADJUSTMENT) / total, (bad + NET_ADJUSTMENT) / total
    return p - d, (p + d - (p - d) ** 2) / total


def adjusted_wald_net(good: int, bad: int, n: int, confidence: float = 0.95) -> Interval:
    """Adjusted Wald interval for a net share such as the Net Promoter Score, within [-1, 1]."""
    centre, variance = adjusted_net(good, bad, n)
    half = z_quantile(confidence) * math.sqrt(variance)
    return Interval(centre - half, centre + half).clamped(-1, 1)


# --- Means ---------------------------------------------------------------------------------------


def t_interval(sample: Moments, confidence: float = 0.95) -> Interval | None:
    """mean +/- t(n - 1) s / sqrt(n); None if the variance is unknown.

    It is unknown for a single answer, and if all answers are equal: an interval of width zero would
    claim certainty that ten equal answers do not give.
    """
    if sample.n < 2 or sample.variance == 0:
        return None
    half = t_quantile(confidence, sample.n - 1) * math.sqrt(sample.variance / sample.n)
    return Interval(sample.mean - half, sample.mean + half)


def welch(a: Moments, b: Moments, confidence: float = 0.95) -> tuple[Interval, float] | None:
    """Interval and p-value for mean(a) - mean(b), by Welch's t; None if the variance is unknown."""
    if min(a.n, b.n) < 2 or a.variance == b.variance == 0:
        return None
    part_a, part_b = a.variance / a.n, b.variance / b.n
    error = math.sqrt(part_a + part_b)
    # Divide by the sum first, because the squares of very small variances would underflow.
    share_a, share_b = part_a / (part_a + part_b), part_b / (part_a + part_b)
    df = 1 / (share_a**2 / (a.n - 1) + share_b**2 / (b.n - 1))
    difference = a.mean - b.mean
    half = t_quantile(confidence, df) * error
    p_value = 2 * t_upper_tail(abs(difference) / error, df)
    return Interval(difference - half, difference + half), p_value


# --- How many answers are needed -----------------------------------------------------------------


def sample_size(
    margin: float,
    *,
    good: float = 0.5,
    bad: float = 0.5,
    confidence: float = 0.95,
    population: int | None = None,
) -> int:
    """Answers needed to know a net score to within +/- `margin` points (10, say).

    n = z^2 s^2 / m^2 - 3 with s^2 = good + bad - (good - bad)^2, the expected shares of promoters and
    detractors; the default is the worst case. `population` applies the finite population correction
    (Cochran 1977): of 200 customers in all, fewer need to answer.
    """
    if not 0 < margin <= 100:
        raise ValueError(f"The margin must be more than 0 and at most 100 points, not {margin}.")
    if min(good, bad) < 0 or good + bad > 1:
        raise ValueError("The shares of promoters and detractors must be at least 0, and at most 1 together.")
    variance = good + bad - (good - bad) ** 2
    needed = z_quantile(confidence) ** 2 * variance / (margin / 100) ** 2 - NET_ADDED
    return _whole(needed, population)


def sample_size_for_share(
    margin: float, *, share: float = 0.5, confidence: float = 0.95, population: int | None = None
) -> int:
    """Answers needed to know a share to within +/- `margin` percentage points.

    n = z^2 p (1 - p) / m^2 - z^2: the adjusted Wald interval (Agresti and Coull 1998) solved for n.
    """
    if not 0 < margin <= 100:
        raise ValueError(f"The margin must be more than 0 and at most 100 percentage points, not {margin}.")
    if not 0 <= share <= 1:
        raise ValueError(f"A share must be between 0 and 1, not {share}.")
    z_squared = z_quantile(confidence) ** 2
    return _whole(z_squared * share * (1 - share) / (margin / 100) ** 2 - z_squared, population)


def _whole(needed: float, population: int | None) -> int:
    if population is not None and needed > 0:
        needed = needed / (1 + (needed - 1) / population)
    return max(1, math.ceil(needed - 1e-9))  # a rounding error must not turn 100 into 101
