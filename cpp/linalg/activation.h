// The functions that feed-forward blocks bend their numbers with.
#pragma once

#include "linalg/matrix.h"

namespace attn {

enum class Activation { kGelu, kGeluTanh, kSilu, kRelu };

/// Replaces every x by
///
///     kGelu      x (1 + erf(x / sqrt(2))) / 2                                  (gelu.h)
///     kGeluTanh  x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2             GPT-2's approximation of it
///     kSilu      x / (1 + exp(-x))
///     kRelu      max(x, 0)
///
/// Numeric: within 2e-6 of the value for |x| <= 10.
/// Source: Hendrycks and Gimpel 2016, "Gaussian Error Linear Units"; Elfwing et al. 2017 for SiLU.
void activate(Activation activation, MatrixOut values);

}  // namespace attn
