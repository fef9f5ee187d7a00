// How far two runs are apart: cell by cell, head by head, token by token, in what they end with.
#pragma once

#include <cstdint>
#include <vector>

#include "model/stepper.h"
#include "model/trace.h"

namespace attn {

/// Which token of the left run stands beside which of the right one: (left, right), both rising.
struct Pair {
  std::int32_t left = 0;
  std::int32_t right = 0;
};
using Pairs = std::vector<Pair>;

/// left(l_i, l_j) - right(r_i, r_j) over the pairs. [n_pairs, n_pairs]
/// @throws Error (bad-request) for a pair outside either matrix
Matrix difference(const MatrixView& left, const MatrixView& right, const Pairs& pairs);

/// How differently each head looks in two runs with the same heads:
///
///     change_h = mean over pairs (t, u) of  1/2 sum over pairs (s, v) |left_h(t, s) - right_h(u, v)|
///                                         + 1/2 |what row t and row u give to keys without a partner, apart|
///
/// the total variation of the paired rows, where keys without a partner count as one key: 0 the same, 1 wholly other.
///
/// @param left, right  must outlive the stepper
/// @param change       [n_layers * n_heads], filled; must outlive the stepper. Empty pairs: zeros.
/// @throws Error (bad-request) at once if the heads are not as many, or for a pair outside either run
/// Cost: that of all heads' weights in both runs.
Stepper change_of(const ForwardTrace& left, const ForwardTrace& right, Pairs pairs, std::vector<float>& change);

/// The mean of the last hidden states over all tokens: what an embedding model makes of a text. [d_model]
/// @throws Error (unsupported) if the trace holds no hidden states
Vector embedding_of(const ForwardTrace& trace);

/// How alike two tokens are on their way through the model, of two runs or of one:
///
///     similarity_l = x . y / (|x| |y|)        x: row `left` of the left run's hidden_l, y: row `right` of the right's
///
/// and 0 where one has no length.
///
/// @return  [n_layers + 1], entry 0 of what enters the first layer
/// @throws Error (unsupported) if a trace holds no hidden states; (bad-request) if a token does not exist, or if the
///         runs have other numbers of layers; ShapeError if they have other widths
std::vector<float> similarity(const ForwardTrace& left_trace, Index left, const ForwardTrace& right_trace, Index right);

/// 1 - left . right / (|left| |right|); 0 where one has no length. @throws ShapeError if the widths differ
double cosine_distance(const Vector& left, const Vector& right);

/// Half the sum of |softmax(left) - softmax(right)|: 0 the same, 1 wholly other.
/// @param left, right  [n_vocab] logits. @throws ShapeError if the vocabularies differ
double prediction_distance(const Vector& left, const Vector& right);

/// The largest difference of a trace's weights from the softmax of its query and key in float64.
struct Verification {
  double largest = 0.0;
  double compared = 0.0;  ///< How many weights.
};

/// Computes every weight anew from query, key and the rule in force, one by one, in float64: slow and obvious.
/// @param trace  must outlive the stepper
/// @throws Error (unsupported) at once if the trace holds weights alone
/// Cost: n_layers n_heads n_query n_key (2 d_head + an exponential), in float64.
Stepper verify(const ForwardTrace& trace, Verification& verification);

}  // namespace attn
