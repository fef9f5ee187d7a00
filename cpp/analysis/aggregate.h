// Many heads as one matrix.
#pragma once

#include "model/stepper.h"
#include "model/trace.h"

namespace attn {

enum class Aggregate {
  kMean,     ///< The mean over the heads of a layer.
  kMax,      ///< The largest over the heads of a layer.
  kRollout,  ///< From layer 0 up to and with a layer: the product of rows(mean over heads + identity) / 2.
};

/// A row of a layer's mean weights becomes the row of A that rollout and flow share: with itself added, divided by its
/// sum.
/// @param weights  [n] of query `row`, overwritten
void with_itself(Index row, float* weights, Index n);

/// Computes
///
///     kMean, kMax  weights(t, s) = mean or max over heads of weights_h(t, s)
///     kRollout     R_l = A_l R_(l - 1), R_(-1) = I, with A_l = mean + I, each row divided by its sum
///
/// @param trace   must outlive the stepper
/// @param result  [n_query, n_key], filled; must outlive the stepper
/// @throws Error (bad-request) at once if there is no such layer; (unsupported) for the rollout of a trace whose
///         queries are not its keys
/// Numeric: sums of heads in float64. Cost: that of the heads' weights; kRollout: also 2 n^3 operations a layer.
/// Source: Abnar and Zuidema 2020, "Quantifying Attention Flow in Transformers".
Stepper aggregate_of(const ForwardTrace& trace, Aggregate kind, Index layer, Matrix& result);

}  // namespace attn
