// Layer normalisation.
#pragma once

#include "linalg/matrix.h"

namespace attn {

/// The learned numbers of one normalisation.
struct NormParameters {
  Vector gain;  ///< [d_model]
  Vector bias;  ///< [d_model]
  float epsilon = 1e-12F;
};

/// Replaces each row by
///
///     (x - mean) / sqrt(variance + epsilon) * gain + bias
///
/// with the variance over d_model, not d_model - 1.
///
/// @param x  [n, d_model]
/// @throws ShapeError if the widths differ
/// Source: Ba, Kiros and Hinton 2016, "Layer Normalization".
void layer_norm(const NormParameters& parameters, MatrixOut x);

}  // namespace attn
