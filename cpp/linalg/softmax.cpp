// Softmax row by row, with the largest score subtracted first.
#include "linalg/softmax.h"

#include "linalg/fours.h"

namespace attn {

Matrix softmax_visible(const MatrixView& scores) {
  Matrix weights = copy_of(scores);
  for (Index t = 0; t < weights.rows(); ++t) {
    auto row = weights.row(t);
    const float largest = row.size() == 0 ? kMasked : row.maxCoeff();
    if (largest == kMasked) {
      row.setZero();
      continue;
    }
    by_fours(row.data(), row.size(), [largest](Four four) { return exponential(four - largest); });
    row /= row.sum();
  }
  return weights;
}

}  // namespace attn
