#include "model/measure/kolmogorov.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

namespace millgate {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr int kScaleBits = 128;

/// A square matrix whose entries are to be multiplied by 2^exponent.
struct ScaledMatrix {
  size_t size = 0;
  std::vector<double> cells;
  int exponent = 0;

  double& at(size_t row, size_t column) { return cells[row * size + column]; }
};

ScaledMatrix product(const ScaledMatrix& a, const ScaledMatrix& b) {
  const size_t size = a.size;
  ScaledMatrix out{size, std::vector<double>(size * size), a.exponent + b.exponent};
  for (size_t i = 0; i < size; ++i) {
    for (size_t k = 0; k < size; ++k) {
      const double factor = a.cells[i * size + k];
      if (factor == 0) continue;
      for (size_t j = 0; j < size; ++j) {
        out.cells[i * size + j] += factor * b.cells[k * size + j];
      }
    }
  }
  return out;
}

/// Durbin's matrix for `count * distance` = k - h.
ScaledMatrix durbin_matrix(size_t k, double h) {
  const size_t size = 2 * k - 1;
  ScaledMatrix matrix{size, std::vector<double>(size * size)};
  std::vector<double> inverse_factorial(size + 1, 1);
  std::vector<double> edge(size);
  for (size_t j = 1; j <= size; ++j) {
    inverse_factorial[j] = inverse_factorial[j - 1] / static_cast<double>(j);
    edge[j - 1] = (1 - std::pow(h, static_cast<double>(j))) * inverse_factorial[j];
  }
  const double power = static_cast<double>(size);
  edge[size - 1] = (1 + std::pow(std::max(2 * h - 1, 0.0), power) - 2 * std::pow(h, power)) *
                   inverse_factorial[size];
  for (size_t row = 0; row < size; ++row) {
    for (size_t column = 1; column < size && column <= row + 1; ++column) {
      matrix.at(row, column) = inverse_factorial[row + 1 - column];
    }
    matrix.at(row, 0) = edge[row];
  }
  for (size_t column = 0; column < size; ++column) {
    matrix.at(size - 1, column) = edge[size - 1 - column];
  }
  return matrix;
}

/// P(D_n <= distance), exact: n! / n^n times the middle cell of the matrix to the power n.
double durbin_cdf(int64_t count, double distance) {
  const double product_of_both = static_cast<double>(count) * distance;
  const auto k = static_cast<size_t>(std::ceil(product_of_both));
  ScaledMatrix square = durbin_matrix(k, static_cast<double>(k) - product_of_both);
  ScaledMatrix power{square.size, std::vector<double>(square.size * square.size)};
  for (size_t i = 0; i < power.size; ++i) power.at(i, i) = 1;
  for (int64_t left = count; left > 0; left /= 2) {
    if (left % 2 == 1) power = product(power, square);
    square = product(square, square);
    if (std::abs(square.at(k - 1, k - 1)) > std::ldexp(1.0, kScaleBits)) {
      for (double& cell : square.cells) cell = std::ldexp(cell, -kScaleBits);
      square.exponent += kScaleBits;
    }
  }
  double share = power.at(k - 1, k - 1);
  int exponent = power.exponent;
  for (int64_t i = 1; i <= count; ++i) {
    share *= static_cast<double>(i) / static_cast<double>(count);
    if (std::abs(share) < std::ldexp(1.0, -kScaleBits)) {
      share = std::ldexp(share, kScaleBits);
      exponent -= kScaleBits;
    }
  }
  return std::ldexp(share, exponent);
}

/// P(D_n <= distance) by the series of Pelz and Good (1976) up to n^(-3/2).
double pelz_good_cdf(double count, double distance) {
  const double z = std::sqrt(count) * distance;
  const double z2 = z * z;
  const double z4 = z2 * z2;
  const double z6 = z4 * z2;
  constexpr double kPi2 = kPi * kPi;
  constexpr double kPi4 = kPi2 * kPi2;
  std::array<double, 4> terms{};
  const int last = static_cast<int>(std::ceil(16 * z / kPi));
  for (int k = last; k > 0; --k) {
    const double m2 = std::pow(2 * k - 1, 2);
    const double m4 = m2 * m2;
    const double weight = std::exp(-kPi2 * m2 / (8 * z2));
    terms[0] += weight;
    terms[1] += weight * (kPi2 / 4 * m2 - z2);
    terms[2] += weight * (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * kPi2 / 4 * m2 +
                          kPi4 * (1 - 2 * z2) / 16 * m4);
    terms[3] += weight * (-30 * z6 - 90 * z6 * z2 + kPi2 * (135 * z4 - 96 * z6) / 4 * m2 +
                          kPi4 * (212 * z4 - 60 * z2) / 16 * m4 +
                          kPi4 * kPi2 * (5 - 30 * z2) / 64 * m4 * m2);
  }
  const double root = std::sqrt(2 * kPi);
  terms[0] *= root / z;
  terms[1] *= root / (6 * z4);
  terms[2] *= root / (72 * z6 * z);
  terms[3] *= root / (6480 * z6 * z4);
  for (int k = last; k > 0; --k) {
    const double k2 = static_cast<double>(k) * k;
    const double weight = std::exp(-kPi2 * k2 / (2 * z2)) * k2 * kPi2 * root;
    terms[2] -= weight / (36 * z2 * z);
    terms[3] += weight * (3 * z2 - kPi2 * k2) / (216 * z6);
  }
  const double root_count = std::sqrt(count);
  return terms[0] + terms[1] / root_count + terms[2] / count + terms[3] / (count * root_count);
}

/// P(D_n+ >= distance), one-sided: Smirnov's sum, or its limit (Maag and Dicaire 1971).
double smirnov_one_sided(int64_t count, double distance) {
  const double n = static_cast<double>(count);
  constexpr int64_t kSummedMax = 1'000'000;
  if (count > kSummedMax) return std::exp(-std::pow(6 * n * distance + 1, 2) / (18 * n));
  const auto last = static_cast<int64_t>(std::floor(n * (1 - distance)));
  // Not summed up step by step, which would lose digits for large n.
  const auto log_binomial = [n](double j) {
    return std::lgamma(n + 1) - std::lgamma(j + 1) - std::lgamma(n - j + 1);
  };
  double sum = 0;
  for (int64_t j = 0; j <= last; ++j) {
    const double at = static_cast<double>(j);
    const double reached = distance + at / n;
    if (reached >= 1) break;
    sum +=
        std::exp(log_binomial(at) + (at - 1) * std::log(reached) + (n - at) * std::log1p(-reached));
  }
  return std::min(1.0, distance * sum);
}

/// Two samples of `count` values: binomial coefficients by reflection.
double equal_counts_p_value(int64_t count, int64_t steps) {
  double outside = 0;
  for (int64_t k = count / steps; k >= 0; --k) {
    double ratio = 1;
    for (int64_t j = 0; j < steps; ++j) {
      ratio *= static_cast<double>(count - k * steps - j) /
               static_cast<double>(count + k * steps + j + 1);
    }
    outside = ratio * (1 - outside);
  }
  return std::clamp(2 * outside, 0.0, 1.0);
}

}  // namespace

double kolmogorov_survival(double lambda) {
  // For small lambda the alternating sum converges slowly; the other theta series does at once.
  if (lambda < 1e-8) return 1;
  double sum = 0;
  if (lambda < 1) {
    for (int j = 1; j <= 20; ++j) {
      const double odd = 2 * j - 1;
      sum += std::exp(-odd * odd * kPi * kPi / (8 * lambda * lambda));
    }
    return std::clamp(1 - std::sqrt(2 * kPi) / lambda * sum, 0.0, 1.0);
  }
  for (int j = 1; j <= 20; ++j) {
    const double term = std::exp(-2.0 * j * j * lambda * lambda);
    sum += j % 2 == 1 ? term : -term;
  }
  return std::clamp(2 * sum, 0.0, 1.0);
}

double kolmogorov_smirnov_survival(int64_t count, double distance) {
  const double n = static_cast<double>(count);
  const double reach = n * distance;
  if (distance >= 1) return 0;
  if (reach <= 0.5) return 1;
  const double square = reach * distance;
  if (square >= 370) return 0;
  constexpr int64_t kSmall = 140;
  const bool tail = distance >= 0.5 || square >= (count <= kSmall ? 4.0 : 2.2);
  double survival = 0;
  if (tail) {
    survival = 2 * smirnov_one_sided(count, distance);
  } else if (count <= kSmall || (count <= 100'000 && n * std::pow(distance, 1.5) <= 1.4)) {
    survival = 1 - durbin_cdf(count, distance);
  } else {
    survival = 1 - pelz_good_cdf(n, distance);
  }
  return std::clamp(survival, 0.0, 1.0);
}

double smirnov_exact_p_value(const SampleDistance& distance) {
  const int64_t m = std::max(distance.first_count, distance.second_count);
  const int64_t n = std::min(distance.first_count, distance.second_count);
  if (distance.steps == 0 || n == 0) return 1;
  if (m == n) return equal_counts_p_value(m, distance.steps);
  const int64_t divisor = std::gcd(m, n);
  const int64_t by_row = n / divisor;
  const int64_t by_column = m / divisor;
  // left[j]: the share of paths to (i, j) that have left the strip |i/m - j/n| < distance.
  std::vector<double> left(static_cast<size_t>(n) + 1, 1);
  int64_t first = 0;
  for (int64_t i = 0; i <= m; ++i) {
    const int64_t middle = i * by_row;
    while (first <= n && middle - first * by_column >= distance.steps) {
      left[static_cast<size_t>(first++)] = 1;
    }
    if (first > n) return 1;
    double below = 1;  // Of (i, first - 1), which lies outside; without weight where first is 0.
    for (int64_t j = first; j <= n && j * by_column - middle < distance.steps; ++j) {
      double& cell = left[static_cast<size_t>(j)];
      const double di = static_cast<double>(i);
      const double dj = static_cast<double>(j);
      cell = i + j == 0 ? 0 : (cell * di + below * dj) / (di + dj);
      below = cell;
    }
  }
  return std::clamp(left[static_cast<size_t>(n)], 0.0, 1.0);
}

}  // namespace millgate
