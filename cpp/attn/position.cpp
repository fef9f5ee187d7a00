// The sinusoids of the paper, learned positions looked up in a table, and rotation.
#include "attn/position.h"

#include <cmath>
#include <string>

namespace attn {

Matrix sinusoidal_positions(Index n, Index d_model) {
  if (n < 0 || d_model < 1) {
    fail(ErrorCode::kBadRequest, {"Positions need a width of 1 or more and no negative count."},
         {"[0 or more, 1 or more]"}, {"[", n, ", ", d_model, "]"});
  }
  Matrix positions(n, d_model);
  for (Index i = 0; i < d_model; ++i) {
    const Index pair = i - i % 2;
    const double frequency = std::pow(10000.0, -static_cast<double>(pair) / static_cast<double>(d_model));
    for (Index t = 0; t < n; ++t) {
      const double angle = static_cast<double>(t) * frequency;
      positions(t, i) = static_cast<float>(i % 2 == 0 ? std::sin(angle) : std::cos(angle));
    }
  }
  return positions;
}

void add_learned_positions(const WeightMatrix& table, Index first, MatrixOut x) {
  if (x.cols() != table.cols() || first + x.rows() > table.rows()) {
    fail(ErrorCode::kBadRequest, {"There are not enough learned positions."}, {first + x.rows(), " rows of ", x.cols()},
         {table.rows(), " rows of ", table.cols()});
  }
  for (Index t = 0; t < x.rows(); ++t) add(table.row(first + t), x.row(t));
}

Rotary rotary_of(Index d_head, double theta) {
  Rotary rotary{.frequencies = Vector(d_head / 2)};
  for (Index i = 0; i < rotary.frequencies.size(); ++i) {
    const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(d_head);
    rotary.frequencies(i) = static_cast<float>(std::pow(theta, exponent));
  }
  return rotary;
}

void rotate(const Rotary& rotary, Index first_position, Index n_heads, MatrixOut x) {
  if (rotary.empty()) return;
  const Index half = rotary.frequencies.size();
  if (x.cols() != 2 * half * n_heads)
    fail_shapes("every head must have two numbers a frequency", x, rotary.frequencies);
  Vector cosines(half);
  Vector sines(half);
  for (Index t = 0; t < x.rows(); ++t) {
    const auto position = static_cast<float>(first_position + t);
    for (Index i = 0; i < half; ++i) {
      const double angle = position * rotary.frequencies(i);
      cosines(i) = static_cast<float>(std::cos(angle));
      sines(i) = static_cast<float>(std::sin(angle));
    }
    for (Index head = 0; head < n_heads; ++head) {
      float* first = x.row(t).data() + 2 * half * head;
      float* second = first + half;
      for (Index i = 0; i < half; ++i) {
        const float turned = first[i] * cosines(i) - second[i] * sines(i);
        second[i] = second[i] * cosines(i) + first[i] * sines(i);
        first[i] = turned;
      }
    }
  }
}

}  // namespace attn
