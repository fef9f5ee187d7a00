// Softmax of rows in which some cells are masked.
#pragma once

#include <limits>

#include "linalg/matrix.h"

namespace attn {

/// The score of a key that a query must not look at.
inline constexpr float kMasked = -std::numeric_limits<float>::infinity();

/// Softmax of each row over its visible cells, those that are not kMasked:
///
///     weights(t, s) = exp(scores(t, s) - max_t) / sum over visible s' of exp(scores(t, s') - max_t)
///
/// @param scores  [n_query, n_key], finite or kMasked
/// @return        [n_query, n_key]. A row sums to 1; masked cells are exactly 0; a row without a visible cell is all
///                zeros. Scores of any size are safe: the largest is subtracted first.
/// Cost: one exponential a cell.
Matrix softmax_visible(const MatrixView& scores);

}  // namespace attn
