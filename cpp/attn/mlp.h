// The feed-forward block between attentions.
#pragma once

#include "linalg/linear.h"

namespace attn {

/// The learned numbers of one feed-forward block.
struct MlpParameters {
  Linear w_up;    ///< [d_mlp, d_model]
  Linear w_down;  ///< [d_model, d_mlp]
};

/// Applies to every row:
///
///     output = gelu(x w_up^T + b_up) w_down^T + b_down
///
/// @param x       [n, d_model]
/// @param output  [n, d_model], overwritten; must not overlap x
/// @throws ShapeError if the widths differ
/// Cost: 4 n d_model d_mlp floating-point operations.
/// Source: Vaswani et al. 2017, equation 2, with the exact GELU in place of ReLU as in Devlin et al. 2019.
void mlp(const MatrixView& x, const MlpParameters& parameters, MatrixOut output);

}  // namespace attn
