// Activations over a whole matrix, four numbers at a time.
#include "linalg/activation.h"

#include <algorithm>

#include "linalg/gelu.h"

namespace attn {
namespace {

/// Replaces every x by
///
///     x / (1 + exp(-x (a + b x^2)))
///
/// which is SiLU for a = 1, b = 0; and because (1 + tanh(u)) / 2 = 1 / (1 + exp(-2 u)), GPT-2's GELU for others.
void gate(float a, float b, float* x, Index count) {
  constexpr Index kLanes = 4;
  for (; count >= kLanes; count -= kLanes, x += kLanes) {
    Eigen::Map<Eigen::Array4f> four(x);
    four /= 1.0F + (-four * (a + b * four.square())).exp();
  }
  if (count == 0) return;
  float last[kLanes] = {};
  std::copy_n(x, count, last);
  gate(a, b, last, kLanes);
  std::copy_n(last, count, x);
}

}  // namespace

void activate(Activation activation, MatrixOut values) {
  if (activation == Activation::kGelu) return gelu(values);
  for (Index t = 0; t < values.rows(); ++t) {
    auto row = values.row(t);
    if (activation == Activation::kRelu) row = row.cwiseMax(0.0F);
    if (activation == Activation::kSilu) gate(1.0F, 0.0F, row.data(), row.size());
    // 2 sqrt(2 / pi), and 0.044715 times that.
    if (activation == Activation::kGeluTanh) gate(1.5957691F, 0.071354816F, row.data(), row.size());
  }
}

}  // namespace attn
