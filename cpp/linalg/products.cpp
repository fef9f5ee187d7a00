// Products of matrices, on Eigen's kernels.
#include "linalg/products.h"

namespace attn {

void product(const MatrixView& a, const MatrixView& b, MatrixOut output) {
  if (a.cols() != b.rows()) throw ShapeError("a product needs as many columns as rows", a, b);
  if (output.rows() != a.rows() || output.cols() != b.cols())
    throw ShapeError("output must be [rows, cols]", output, b);
  output.noalias() = a * b;
}

void product_transposed(const MatrixView& a, const MatrixView& b, MatrixOut output) {
  if (a.cols() != b.cols()) throw ShapeError("a transposed product needs equal widths", a, b);
  if (output.rows() != a.rows() || output.cols() != b.rows())
    throw ShapeError("output must be [rows, rows]", output, b);
  output.noalias() = a * b.transpose();
}

}  // namespace attn
