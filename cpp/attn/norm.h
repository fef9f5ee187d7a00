// Layer normalisation and its simpler kin.
#pragma once

#include "linalg/matrix.h"

namespace attn {

/// kLayer removes the mean, kRms does not.
enum class NormKind { kLayer, kRms };

/// The learned numbers of one normalisation. Empty where a model has none at that place.
struct NormParameters {
  Vector gain;  ///< [width]
  Vector bias;  ///< [width], empty for kRms
  float epsilon = 1e-12F;
  NormKind kind = NormKind::kLayer;

  [[nodiscard]] bool empty() const { return gain.size() == 0; }
};

/// Replaces each row by
///
///     kLayer  (x - mean) / sqrt(variance + epsilon) * gain + bias      with the variance over the width, not width - 1
///     kRms    x / sqrt(mean of x^2 + epsilon) * gain
///
/// or leaves it where the parameters are empty.
///
/// @param x  [n, width]
/// @throws ShapeError if the widths differ
/// Source: Ba, Kiros and Hinton 2016, "Layer Normalization"; Zhang and Sennrich 2019, "Root Mean Square Layer
/// Normalization".
void normalise(const NormParameters& parameters, MatrixOut x);

}  // namespace attn
