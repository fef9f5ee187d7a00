// Normalisation in two passes over each row: the mean goes before the squares are summed.
#include "attn/norm.h"

#include <cmath>

namespace attn {

void normalise(const NormParameters& parameters, MatrixOut x) {
  if (parameters.empty()) return;
  const auto& [gain, bias, epsilon, kind] = parameters;
  const bool is_layer = kind == NormKind::kLayer;
  if (x.cols() != gain.size()) fail_shapes("rows and gain must agree in width", x, gain);
  if (is_layer && x.cols() != bias.size()) fail_shapes("rows and bias must agree in width", x, bias);
  for (Index t = 0; t < x.rows(); ++t) {
    auto row = x.row(t);
    if (is_layer) row.array() -= row.mean();
    // The mean is gone already: the squares are of small numbers, and nothing cancels.
    const float variance = row.squaredNorm() / static_cast<float>(x.cols());
    row *= 1.0F / std::sqrt(variance + epsilon);
    row.array() *= gain.array();
    if (is_layer) row += bias;
  }
}

}  // namespace attn
