// Multi-head attention: projections, heads side by side, Concat and W^O.
#pragma once

#include <vector>

#include "attn/attention.h"
#include "linalg/linear.h"

namespace attn {

/// The learned numbers of one attention block. Rows of w_query are grouped by head: head h owns d_head rows from
/// h * d_head on; w_output takes the heads' outputs concatenated in the same order. With fewer key and value heads than
/// query heads, neighbouring query heads share one.
struct MultiHeadParameters {
  Index n_heads = 0;
  Index n_kv_heads = 0;
  Linear w_query;   ///< [n_heads * d_head, d_model]
  Linear w_key;     ///< [n_kv_heads * d_head, d_model of the other side]
  Linear w_value;   ///< [n_kv_heads * d_value, d_model of the other side]
  Linear w_output;  ///< [d_model, n_heads * d_value]
};

/// What happened in one attention block.
struct MultiHeadTrace {
  Matrix query;                  ///< [n_query, n_heads * d_head]
  Matrix key;                    ///< [n_key, n_kv_heads * d_head]
  Matrix value;                  ///< [n_key, n_kv_heads * d_value]
  std::vector<HeadTrace> heads;  ///< [n_heads]
  Matrix output;                 ///< [n_query, d_model]
};

/// One head's columns of a projected matrix [n, n_heads * width]: [n, width], no copy. Valid while `projected` lives.
MatrixView head_of(const MatrixView& projected, Index head, Index n_heads);
MatrixOut head_of(Matrix& projected, Index head, Index n_heads);

/// The key and value head that a query head uses.
Index kv_head_of(Index head, Index n_heads, Index n_kv_heads);

/// Attends with all heads:
///
///     head_h = attention(x W^Q_h, y W^K_h, y W^V_h)
///     output = Concat(head_1, ..., head_h) W^O
///
/// Self-attention where y is x, cross-attention where y is another text.
///
/// @param x  [n_query, d_model] the rows that ask
/// @param y  [n_key, d_model of the other side] the rows that answer
/// @throws ShapeError if widths disagree; Error (bad-request) if heads do not divide their projections evenly
/// Source: Vaswani et al. 2017, section 3.2.2; shared keys: Ainslie et al. 2023, "GQA".
MultiHeadTrace multi_head_attention(const MatrixView& x, const MatrixView& y, const MultiHeadParameters& parameters,
                                    const Mask& mask = {});

}  // namespace attn
