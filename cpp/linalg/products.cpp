// Products of matrices, on Eigen's kernels.
#include "linalg/products.h"

namespace attn {

void product(const MatrixView& a, const MatrixView& b, MatrixOut output) {
  if (a.cols() != b.rows()) fail_shapes("a product needs as many columns as rows", a, b);
  if (output.rows() != a.rows() || output.cols() != b.cols()) fail_shapes("output must be [rows, cols]", output, b);
  output.noalias() = a * b;
}

void product_transposed(const MatrixView& a, const MatrixView& b, MatrixOut output) {
  if (a.cols() != b.cols()) fail_shapes("a transposed product needs equal widths", a, b);
  if (output.rows() != a.rows() || output.cols() != b.rows()) fail_shapes("output must be [rows, rows]", output, b);
  output.noalias() = a * b.transpose();
}

}  // namespace attn
