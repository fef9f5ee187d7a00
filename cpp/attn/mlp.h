// The feed-forward block between attentions.
#pragma once

#include "linalg/activation.h"
#include "linalg/linear.h"

namespace attn {

/// The learned numbers of one feed-forward block.
struct MlpParameters {
  Activation activation = Activation::kGelu;
  Linear w_gate;  ///< [d_mlp, d_model], or empty: no gate
  Linear w_up;    ///< [d_mlp, d_model]
  Linear w_down;  ///< [d_model, d_mlp]

  [[nodiscard]] bool has_gate() const { return !w_gate.w.empty(); }
};

/// What lies between the maps: turns `up` into
///
///     activation(up)              without a gate
///     activation(gate) * up       with one, number by number
///
/// @param gate  as large as `up`, overwritten; empty without a gate
/// Source: Shazeer 2020, "GLU Variants Improve Transformer".
void bend(const MlpParameters& parameters, MatrixOut gate, MatrixOut up);

/// Applies to every row:
///
///     output = bend(x w_gate^T + b_gate, x w_up^T + b_up) w_down^T + b_down
///
/// @param x       [n, d_model]
/// @param output  [n, d_model], overwritten; must not overlap x
/// @throws Error (bad-request) if the widths differ
/// Cost: 4 n d_model d_mlp floating-point operations, 6 with a gate.
/// Source: Vaswani et al. 2017, equation 2.
void mlp(const MatrixView& x, const MlpParameters& parameters, MatrixOut output);

}  // namespace attn
