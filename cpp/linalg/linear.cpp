// A product and a bias, after the shapes are checked.
#include "linalg/linear.h"

#include "linalg/products.h"

namespace attn {

void linear(const MatrixView& input, const Linear& map, MatrixOut output) {
  if (input.cols() != map.w.cols()) throw ShapeError("input and w must agree in d_in", input, map.w.view());
  if (output.rows() != input.rows() || output.cols() != map.w.rows()) {
    throw ShapeError("output must be [rows of input, rows of w]", output, map.w.view());
  }
  if (map.bias.size() != 0 && map.bias.size() != map.w.rows()) {
    throw ShapeError("bias must have d_out numbers", map.bias, map.w.view());
  }
  product_transposed(input, map.w.view(), output);
  if (map.bias.size() != 0) output.rowwise() += map.bias;
}

Matrix linear(const MatrixView& input, const Linear& map) {
  Matrix output(input.rows(), map.w.rows());
  linear(input, map, output);
  return output;
}

}  // namespace attn
