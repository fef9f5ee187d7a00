// Two or three linear maps with an activation between them.
#include "attn/mlp.h"

namespace attn {

void bend(const MlpParameters& parameters, MatrixOut gate, MatrixOut up) {
  if (!parameters.has_gate()) return activate(parameters.activation, up);
  activate(parameters.activation, gate);
  up.array() *= gate.array();
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): a view, which Eigen passes by value.
void mlp(const MatrixView& x, const MlpParameters& parameters, MatrixOut output) {
  Matrix gate = parameters.has_gate() ? linear(x, parameters.w_gate) : Matrix();
  Matrix inner = linear(x, parameters.w_up);
  bend(parameters, gate, inner);
  linear(inner, parameters.w_down, output);
}

}  // namespace attn
