// Which keys a query may look at.
#pragma once

#include <cstdint>
#include <vector>

#include "linalg/matrix.h"

namespace attn {

/// A key is visible to a query where all parts allow it; by default all keys are.
struct Mask {
  bool causal = false;                ///< Only keys at or before the query's own position.
  Index window = 0;                   ///< Of those, only so many, the query's own included; 0: all. Needs `causal`.
  std::vector<std::uint8_t> padding;  ///< [n_key] 1: this key is padding and hidden from all; empty: none is.
};

Mask causal_mask();

/// Causal, and no further back than `window` keys. @throws Error (bad-request) if `window` is not positive
Mask sliding_mask(Index window);

Mask padding_mask(std::vector<std::uint8_t> padding);

/// Visible where both are. @throws Error (bad-request) if both hide padding of different lengths.
Mask combine(const Mask& left, const Mask& right);

/// Sets the scores of hidden keys to kMasked (softmax.h).
///
/// @param first_query  the position of the first row of `scores`
/// @param scores       [some of n_query, n_key]
/// @throws Error (bad-request) if the padding is not n_key long
void apply(const Mask& mask, Index first_query, MatrixOut scores);

}  // namespace attn
