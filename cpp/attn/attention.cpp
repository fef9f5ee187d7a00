// Scores, mask, softmax and mix of one head, in the order of the equation.
#include "attn/attention.h"

#include <cmath>
#include <string>
#include <utility>

#include "linalg/products.h"

namespace attn {
namespace {

void make_uniform(const MatrixView& scores, Matrix& weights) {
  for (Index row = 0; row < scores.rows(); ++row) {
    Index n_visible = 0;
    for (Index key = 0; key < scores.cols(); ++key) n_visible += scores(row, key) != kMasked ? 1 : 0;
    for (Index key = 0; key < scores.cols(); ++key) {
      weights(row, key) = scores(row, key) != kMasked ? 1.0F / static_cast<float>(n_visible) : 0.0F;
    }
  }
}

void edit(const WeightEdit& edit, Index first_query, const MatrixView& scores, Matrix& weights) {
  const Index row = edit.query - first_query;
  const bool is_here = row >= 0 && row < scores.rows() && edit.key >= 0 && edit.key < scores.cols();
  if (!is_here || scores(row, edit.key) == kMasked) return;
  double rest = 0.0;
  Index n_others = 0;
  for (Index key = 0; key < scores.cols(); ++key) {
    if (key == edit.key || scores(row, key) == kMasked) continue;
    rest += weights(row, key);
    ++n_others;
  }
  const double left = 1.0 - edit.weight;
  for (Index key = 0; edit.renormalise && key < scores.cols(); ++key) {
    if (key == edit.key || scores(row, key) == kMasked) continue;
    const double share = rest > 0.0 ? weights(row, key) / rest : 1.0 / static_cast<double>(n_others);
    weights(row, key) = static_cast<float>(left * share);
  }
  weights(row, edit.key) = edit.weight;
}

}  // namespace

ScoreRule scaled_by_width(Index d_head, Mask mask) {
  ScoreRule rule;
  rule.scale = 1.0F / std::sqrt(static_cast<float>(d_head));
  rule.mask = std::move(mask);
  return rule;
}

HeadTrace scaled_dot_product_attention(const MatrixView& query, const MatrixView& key, const MatrixView& value,
                                       const ScoreRule& rule, Index first_query) {
  if (query.size() == 0 || key.size() == 0) fail_shapes("query and key must not be empty", query, key);
  if (query.cols() != key.cols()) fail_shapes("query and key must agree in d_head", query, key);
  if (value.rows() != key.rows() || value.cols() == 0) {
    fail_shapes("key and value must have a row each for every key", key, value);
  }
  const Index last_query = first_query + query.rows();
  if (rule.mask.causal && last_query > key.rows()) {
    fail(ErrorCode::kBadRequest, {"A causal mask needs a key for every query."}, {last_query, " keys"}, {key.rows()});
  }
  if (rule.bias.size() != 0 && (rule.bias.rows() < last_query || rule.bias.cols() != key.rows())) {
    fail_shapes("bias must be [n_query, n_key]", rule.bias, key);
  }
  HeadTrace trace;
  trace.scores.resize(query.rows(), key.rows());
  product_transposed(query, key, trace.scores);
  trace.scores *= rule.scale;
  if (rule.bias.size() != 0) trace.scores += rule.bias.middleRows(first_query, query.rows());
  if (rule.temperature != 1.0F) trace.scores /= rule.temperature;
  apply(rule.mask, first_query, trace.scores);
  trace.weights = softmax_visible(trace.scores);
  for (const WeightChange& change : rule.changes) {
    if (const auto* one = std::get_if<WeightEdit>(&change)) {
      edit(*one, first_query, trace.scores, trace.weights);
    } else {
      make_uniform(trace.scores, trace.weights);
    }
  }
  trace.output.resize(query.rows(), value.cols());
  product(trace.weights, value, trace.output);
  return trace;
}

}  // namespace attn
