"""Small symmetric matrices in plain Python: a handful of weights needs no library."""

import math
from collections.abc import Sequence

Vector = list[float]
Matrix = list[list[float]]  # rows; symmetric


def diagonal(values: Sequence[float]) -> Matrix:
    return [[value if i == j else 0.0 for j in range(len(values))] for i, value in enumerate(values)]


def dot(a: Sequence[float], b: Sequence[float]) -> float:
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def add_outer(matrix: Matrix, x: Sequence[float], scale: float) -> None:
    """matrix += scale · x xᵀ."""
    for row, xi in zip(matrix, x, strict=True):
        factor = scale * xi
        if factor:
            for j, xj in enumerate(x):
                row[j] += factor * xj


def cholesky(matrix: Matrix) -> Matrix:
    """Lower triangle L with L Lᵀ = matrix, which must be positive definite.

    Raises `ValueError` (square root of a negative number) otherwise.
    """
    size = len(matrix)
    lower = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - sum(lower[i][k] * lower[j][k] for k in range(j))
            lower[i][j] = math.sqrt(rest) if i == j else rest / lower[j][j]
    return lower


def solve_lower(lower: Matrix, b: Sequence[float]) -> Vector:
    """x with L x = b."""
    x: Vector = []
    for i, row in enumerate(lower):
        x.append((b[i] - sum(row[k] * x[k] for k in range(i))) / row[i])
    return x


def solve_upper(lower: Matrix, b: Sequence[float]) -> Vector:
    """x with Lᵀ x = b."""
    size = len(lower)
    x = [0.0] * size
    for i in reversed(range(size)):
        x[i] = (b[i] - sum(lower[k][i] * x[k] for k in range(i + 1, size))) / lower[i][i]
    return x


def solve(lower: Matrix, b: Sequence[float]) -> Vector:
    """x with L Lᵀ x = b."""
    return solve_upper(lower, solve_lower(lower, b))
