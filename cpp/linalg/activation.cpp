// Activations over a whole matrix, on Eigen's vectorised functions.
#include "linalg/activation.h"

#include "linalg/gelu.h"

namespace attn {

void activate(Activation activation, MatrixOut values) {
  auto x = values.array();
  switch (activation) {
    case Activation::kGelu:
      return gelu(values);
    case Activation::kGeluTanh:
      x *= 0.5F * (1.0F + (0.79788456F * (x + 0.044715F * x.cube())).tanh());
      return;
    case Activation::kSilu:
      x /= 1.0F + (-x).exp();
      return;
    case Activation::kRelu:
      x = x.cwiseMax(0.0F);
      return;
  }
}

}  // namespace attn
