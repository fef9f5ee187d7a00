// Scores, mask, softmax and mix of one head, in the order of the equation.
#include "attn/attention.h"

#include <cmath>
#include <string>
#include <utility>

#include "linalg/products.h"

namespace attn {

ScoreRule scaled_by_width(Index d_head, Mask mask) {
  return {.scale = 1.0F / std::sqrt(static_cast<float>(d_head)), .bias = {}, .mask = std::move(mask)};
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
  apply(rule.mask, first_query, trace.scores);
  trace.weights = softmax_visible(trace.scores);
  trace.output.resize(query.rows(), value.cols());
  product(trace.weights, value, trace.output);
  return trace;
}

}  // namespace attn
