// GELU over a whole matrix, on Eigen's vectorised erf.
#include "linalg/gelu.h"

#include <unsupported/Eigen/SpecialFunctions>

namespace attn {

void gelu(MatrixOut values) {
  constexpr float kSqrtHalf = 0.70710678F;
  values.array() *= 0.5F * (1.0F + (values.array() * kSqrtHalf).erf());
}

}  // namespace attn
