// The sinusoids of the paper, and learned positions looked up in a table.
#include "attn/position.h"

#include <cmath>
#include <string>

namespace attn {

Matrix sinusoidal_positions(Index n, Index d_model) {
  if (n < 0 || d_model < 1) {
    throw Error(ErrorCode::kBadRequest, "Positions need a width of 1 or more and no negative count.",
                "[0 or more, 1 or more]", "[" + std::to_string(n) + ", " + std::to_string(d_model) + "]");
  }
  Matrix positions(n, d_model);
  for (Index i = 0; i < d_model; ++i) {
    const Index pair = i - i % 2;
    const double frequency = std::pow(10000.0, -static_cast<double>(pair) / static_cast<double>(d_model));
    for (Index t = 0; t < n; ++t) {
      const double angle = static_cast<double>(t) * frequency;
      positions(t, i) = static_cast<float>(i % 2 == 0 ? std::sin(angle) : std::cos(angle));
    }
  }
  return positions;
}

void add_learned_positions(const SharedMatrix& table, MatrixOut x) {
  if (x.cols() != table.cols() || x.rows() > table.rows()) {
    throw ShapeError("positions must be [at least n, d_model]", table.view(), x);
  }
  x += table.view().topRows(x.rows());
}

}  // namespace attn
