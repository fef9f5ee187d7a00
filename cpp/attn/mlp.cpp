// Two linear maps with a GELU between them.
#include "attn/mlp.h"

#include "linalg/gelu.h"

namespace attn {

// NOLINTNEXTLINE(performance-unnecessary-value-param): a view, which Eigen passes by value.
void mlp(const MatrixView& x, const MlpParameters& parameters, MatrixOut output) {
  Matrix inner = linear(x, parameters.w_up);
  gelu(inner);
  linear(inner, parameters.w_down, output);
}

}  // namespace attn
