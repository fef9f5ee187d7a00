// A product and a bias, after the shapes are checked; weights that must be expanded are taken panel by panel.
#include "linalg/linear.h"

#include <algorithm>
#include <string>

#include "linalg/block_dot.h"
#include "linalg/products.h"

namespace attn {
namespace {

/// Rows of w that are expanded at once: many where many inputs wait for them, few for one, so that they stay in cache.
Index panel_rows(Index n_inputs) { return n_inputs < 8 ? 16 : 128; }

/// Calls use(first, panel) with w's rows from `first` on, as floats, until all were used.
template <typename Use>
void by_panels(const WeightMatrix& w, Index n_inputs, Use use) {
  Matrix panel(std::min(panel_rows(n_inputs), w.rows()), w.cols());
  for (Index first = 0; first < w.rows(); first += panel.rows()) {
    auto rows = panel.topRows(std::min(panel.rows(), w.rows() - first));
    w.expand_rows(first, rows);
    use(first, MatrixView(rows));
  }
}

/// So many inputs are quicker one by one than expanding what they are multiplied with.
constexpr Index kFewInputs = 4;

void by_dots(const MatrixView& input, const WeightMatrix& w, MatrixOut output) {
  for (Index t = 0; t < input.rows(); ++t) {
    const float* x = input.row(t).data();
    const Vector sums = block_sums(x, w.cols());
    for (Index o = 0; o < w.rows(); ++o) output(t, o) = block_dot(w.dtype(), w.blocks(o), w.cols(), x, sums.data());
  }
}

void check(const MatrixView& input, const Linear& map, const MatrixView& output) {
  if (input.cols() != map.d_in()) fail_shapes("input and w must agree in d_in", input, map.w);
  if (output.rows() != input.rows() || output.cols() != map.d_out()) {
    fail_shapes("output must be [rows of input, d_out]", output, map.w);
  }
  if (map.bias.size() != 0 && map.bias.size() != map.d_out())
    fail_shapes("bias must have d_out numbers", map.bias, map.w);
}

}  // namespace

Linear outputs_of(const Linear& map, Index first, Index count) {
  Linear some = map;
  some.w = map.input_major ? map.w.columns(first, count) : map.w.some_rows(first, count);
  if (map.bias.size() != 0) some.bias = map.bias.segment(first, count);
  return some;
}

void linear(const MatrixView& input, const Linear& map, MatrixOut output) {
  check(input, map, output);
  const WeightMatrix& w = map.w;
  if (w.is_plain() && map.input_major) {
    product(input, w.view(), output);
  } else if (w.is_plain()) {
    product_transposed(input, w.view(), output);
  } else if (!map.input_major && input.rows() <= kFewInputs && has_block_dot(w.dtype())) {
    by_dots(input, w, output);
  } else if (map.input_major) {
    output.setZero();
    Matrix part(output.rows(), output.cols());
    by_panels(w, input.rows(), [&](Index first, const MatrixView& panel) {
      product(input.middleCols(first, panel.rows()), panel, part);
      add(part, output);
    });
  } else {
    by_panels(w, input.rows(), [&](Index first, const MatrixView& panel) {
      product_transposed(input, panel, output.middleCols(first, panel.rows()));
    });
  }
  if (map.bias.size() == 0) return;
  for (Index t = 0; t < output.rows(); ++t) add(map.bias, output.row(t));
}

Matrix linear(const MatrixView& input, const Linear& map) {
  Matrix output(input.rows(), map.d_out());
  linear(input, map, output);
  return output;
}

}  // namespace attn
