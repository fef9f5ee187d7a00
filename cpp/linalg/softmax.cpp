// Softmax row by row, with the largest score subtracted first.
#include "linalg/softmax.h"

namespace attn {

Matrix softmax_visible(const MatrixView& scores) {
  Matrix weights(scores.rows(), scores.cols());
  for (Index t = 0; t < scores.rows(); ++t) {
    const auto row = scores.row(t);
    auto result = weights.row(t);
    const float largest = row.size() == 0 ? kMasked : row.maxCoeff();
    if (largest == kMasked) {
      result.setZero();
      continue;
    }
    result.array() = (row.array() - largest).exp();
    // Eigen 3.4's vectorised exp(-inf) is about 3e-39, not 0: masked cells are set by hand.
    if (row.minCoeff() == kMasked) {
      for (Index s = 0; s < row.size(); ++s) {
        if (row(s) == kMasked) result(s) = 0.0F;
      }
    }
    result /= result.sum();
  }
  return weights;
}

}  // namespace attn
