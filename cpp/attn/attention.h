// Scaled dot-product attention for one head, with every intermediate kept.
#pragma once

#include <variant>
#include <vector>

#include "attn/mask.h"
#include "linalg/matrix.h"
#include "linalg/softmax.h"

namespace attn {

/// Every visible key of every row gets the same weight.
struct UniformWeights {};

/// One weight is set by hand. A masked cell stays as it is.
struct WeightEdit {
  Index query = 0;
  Index key = 0;
  float weight = 0.0F;  ///< 0 to 1.
  /// The rest of the row is scaled so that the row adds up to 1; where the rest is 0 it is spread evenly over the other
  /// visible keys.
  bool renormalise = true;
};

/// What is done to weights after softmax, by a reader; never by a model.
using WeightChange = std::variant<UniformWeights, WeightEdit>;

/// How dot products become scores, and scores weights. A trace keeps it, so that a head can be computed again when it
/// is looked at.
struct ScoreRule {
  float scale = 1.0F;                 ///< What multiplies query . key.
  Matrix bias;                        ///< [n_query, n_key] what is added then; empty for none.
  float temperature = 1.0F;           ///< What divides the scores then, above 0; 1 in every model.
  Mask mask;                          ///< What is hidden last.
  std::vector<WeightChange> changes;  ///< What is done to the weights, in this order.
};

/// The paper's rule: scale = 1 / sqrt(d_head), no bias.
ScoreRule scaled_by_width(Index d_head, Mask mask = {});

/// One head's forward pass, stage by stage: the page draws these, the tests compare them.
struct HeadTrace {
  Matrix scores;   ///< [n_query, n_key]   what softmax sees, kMasked where masked.
  Matrix weights;  ///< [n_query, n_key]   softmax of each row of scores, as changed: exactly 0 where masked.
  Matrix output;   ///< [n_query, d_value] weights * value.
};

/// Attends from `query` to `key` and mixes the rows of `value`:
///
///     scores  = (scale * query * key^T + bias) / temperature, masked
///     weights = softmax(scores), row by row, over the visible keys only, and then as `changes` say
///     output  = weights * value
///
/// A row with no visible key has weights and output of zeros: it is not a distribution.
///
/// @param query        [n_query, d_head], or some of its rows
/// @param key          [n_key, d_head]
/// @param value        [n_key, d_value]
/// @param first_query  the position of the first row of `query` among all queries: the mask and the bias go by it
/// @throws ShapeError  if a dimension is 0, query and key differ in width, key and value differ in length, or the bias
///                     has other rows or columns; Error (bad-request) if a causal mask meets a query beyond the keys
///
/// Numbers are unitless float32. Inputs are not scanned for NaN: NaN in, NaN out.
/// Cost: O(n_query * n_key * (d_head + d_value)) time, O(n_query * n_key) memory.
/// Source: Vaswani et al. 2017, "Attention Is All You Need", equation 1; causal mask, section 3.2.3.
HeadTrace scaled_dot_product_attention(const MatrixView& query, const MatrixView& key, const MatrixView& value,
                                       const ScoreRule& rule, Index first_query = 0);

}  // namespace attn
