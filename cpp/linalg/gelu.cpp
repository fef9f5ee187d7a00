// GELU over a whole matrix, on Eigen's vectorised erf.
#include "linalg/gelu.h"

#include <unsupported/Eigen/SpecialFunctions>

#include "linalg/fours.h"

namespace attn {
namespace {

constexpr float kSqrtHalf = 0.70710678F;

}  // namespace

void gelu(MatrixOut values) {
  for (Index t = 0; t < values.rows(); ++t) {
    by_fours(values.row(t).data(), values.cols(), [](Four four) {
      const Eigen::Map<const Eigen::Array4f> x(reinterpret_cast<const float*>(&four));
      const Eigen::Array4f bent = 0.5F * x * (1.0F + (x * kSqrtHalf).erf());
      std::memcpy(&four, bent.data(), sizeof four);
      return four;
    });
  }
}

}  // namespace attn
