// Attention as slow and as obvious as it can be: double precision, one number at a time, nothing of the core's.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <functional>
#include <limits>

namespace test {

using Exact = Eigen::MatrixXd;

struct SlowAttention {
  Exact scores;
  Exact weights;
  Exact output;
};

/// @param is_visible  whether query t may look at key s
inline SlowAttention slow_attention(const Exact& query, const Exact& key, const Exact& value, const Exact& bias,
                                    const std::function<bool(Eigen::Index, Eigen::Index)>& is_visible) {
  const double scale = 1.0 / std::sqrt(static_cast<double>(query.cols()));
  SlowAttention result{Exact::Constant(query.rows(), key.rows(), -std::numeric_limits<double>::infinity()),
                       Exact::Zero(query.rows(), key.rows()), Exact::Zero(query.rows(), value.cols())};
  for (Eigen::Index t = 0; t < query.rows(); ++t) {
    double largest = -std::numeric_limits<double>::infinity();
    for (Eigen::Index s = 0; s < key.rows(); ++s) {
      if (!is_visible(t, s)) continue;
      double dot = 0.0;
      for (Eigen::Index i = 0; i < query.cols(); ++i) dot += query(t, i) * key(s, i);
      result.scores(t, s) = dot * scale + (bias.size() == 0 ? 0.0 : bias(t, s));
      largest = std::max(largest, result.scores(t, s));
    }
    double sum = 0.0;
    for (Eigen::Index s = 0; s < key.rows(); ++s) {
      if (is_visible(t, s)) sum += std::exp(result.scores(t, s) - largest);
    }
    for (Eigen::Index s = 0; s < key.rows(); ++s) {
      if (!is_visible(t, s)) continue;
      result.weights(t, s) = std::exp(result.scores(t, s) - largest) / sum;
      for (Eigen::Index i = 0; i < value.cols(); ++i) result.output(t, i) += result.weights(t, s) * value(s, i);
    }
  }
  return result;
}

}  // namespace test
