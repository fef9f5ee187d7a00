// See mlp.h.
#include "attn/mlp.h"

#include "linalg/gelu.h"

namespace attn {

void mlp(const MatrixView& x, const MlpParameters& parameters,
         MatrixOut output) {  // NOLINT(performance-unnecessary-value-param): a view
  Matrix inner = linear(x, parameters.w_up);
  gelu(inner);
  linear(inner, parameters.w_down, output);
}

}  // namespace attn
