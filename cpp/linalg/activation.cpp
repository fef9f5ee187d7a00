// Activations over a whole matrix, in vectors of four.
#include "linalg/activation.h"

#include "linalg/fours.h"
#include "linalg/gelu.h"

namespace attn {
namespace {

/// Replaces every x by
///
///     x / (1 + exp(-x (a + b x^2)))
///
/// which is SiLU for a = 1, b = 0; and because (1 + tanh(u)) / 2 = 1 / (1 + exp(-2 u)), GPT-2's GELU for others.
void gate(float a, float b, float* x, Index count) {
  by_fours(x, count, [a, b](Four four) { return four / (1.0F + exponential(-four * (a + b * (four * four)))); });
}

}  // namespace

void activate(Activation activation, MatrixOut values) {
  if (activation == Activation::kGelu) return gelu(values);
  for (Index t = 0; t < values.rows(); ++t) {
    float* row = values.row(t).data();
    if (activation == Activation::kRelu)
      by_fours(row, values.cols(), [](Four four) { return four > 0.0F ? four : Four{}; });
    if (activation == Activation::kSilu) gate(1.0F, 0.0F, row, values.cols());
    // 2 sqrt(2 / pi), and 0.044715 times that.
    if (activation == Activation::kGeluTanh) gate(1.5957691F, 0.071354816F, row, values.cols());
  }
}

}  // namespace attn
