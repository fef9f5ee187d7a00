// All heads of a layer at once; the forward pass takes them one by one, to be interruptible.
#include "attn/multi_head.h"

#include <string>

namespace attn {
namespace {

void check_heads(const char* what, Index count, Index rows) {
  if (count > 0 && rows % count == 0) return;
  fail(ErrorCode::kBadRequest, {what, " must be divided evenly among its heads."}, {"a multiple of ", count}, {rows});
}

}  // namespace

MatrixView head_of(const MatrixView& projected, Index head, Index n_heads) {
  const Index width = projected.cols() / n_heads;
  return projected.middleCols(head * width, width);
}

MatrixOut head_of(Matrix& projected, Index head, Index n_heads) {
  const Index width = projected.cols() / n_heads;
  return projected.middleCols(head * width, width);
}

Index kv_head_of(Index head, Index n_heads, Index n_kv_heads) { return head * n_kv_heads / n_heads; }

MultiHeadTrace multi_head_attention(const MatrixView& x, const MatrixView& y, const MultiHeadParameters& parameters,
                                    const Mask& mask) {
  const auto& [n_heads, n_kv_heads, w_query, w_key, w_value, w_output] = parameters;
  check_heads("w_query", n_heads, w_query.w.rows());
  check_heads("w_key", n_kv_heads, w_key.w.rows());
  check_heads("w_value", n_kv_heads, w_value.w.rows());
  check_heads("The number of heads", n_kv_heads, n_heads);

  MultiHeadTrace trace;
  trace.query = linear(x, w_query);
  trace.key = linear(y, w_key);
  trace.value = linear(y, w_value);
  const ScoreRule rule = scaled_by_width(trace.query.cols() / n_heads, mask);
  Matrix concat(x.rows(), trace.value.cols() / n_kv_heads * n_heads);
  for (Index head = 0; head < n_heads; ++head) {
    const Index kv_head = kv_head_of(head, n_heads, n_kv_heads);
    trace.heads.push_back(scaled_dot_product_attention(head_of(MatrixView(trace.query), head, n_heads),
                                                       head_of(MatrixView(trace.key), kv_head, n_kv_heads),
                                                       head_of(MatrixView(trace.value), kv_head, n_kv_heads), rule));
    copy(trace.heads.back().output, head_of(concat, head, n_heads));
  }
  trace.output = linear(concat, w_output);
  return trace;
}

}  // namespace attn
