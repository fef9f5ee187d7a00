// Layer normalisation in two passes over each row: the mean goes before the squares are summed.
#include "attn/norm.h"

#include <cmath>

namespace attn {

void layer_norm(const NormParameters& parameters, MatrixOut x) {
  if (x.cols() != parameters.gain.size()) throw ShapeError("rows and gain must agree in d_model", x, parameters.gain);
  if (x.cols() != parameters.bias.size()) throw ShapeError("rows and bias must agree in d_model", x, parameters.bias);
  for (Index t = 0; t < x.rows(); ++t) {
    auto row = x.row(t);
    row.array() -= row.mean();
    // The mean is gone already: the squares are of small numbers, and nothing cancels.
    const float variance = row.squaredNorm() / static_cast<float>(x.cols());
    row *= 1.0F / std::sqrt(variance + parameters.epsilon);
    row.array() = row.array() * parameters.gain.array() + parameters.bias.array();
  }
}

void rms_norm(const NormParameters& parameters, MatrixOut x) {
  if (x.cols() != parameters.gain.size()) throw ShapeError("rows and gain must agree in width", x, parameters.gain);
  for (Index t = 0; t < x.rows(); ++t) {
    auto row = x.row(t);
    const float mean_square = row.squaredNorm() / static_cast<float>(x.cols());
    row *= 1.0F / std::sqrt(mean_square + parameters.epsilon);
    row.array() *= parameters.gain.array();
  }
}

void normalise(const NormParameters& parameters, MatrixOut x) {
  if (parameters.empty()) return;
  parameters.kind == NormKind::kRms ? rms_norm(parameters, x) : layer_norm(parameters, x);
}

}  // namespace attn
