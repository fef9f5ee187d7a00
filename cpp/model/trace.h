// What happened in a forward pass. Drawn, tabulated, exported and tested from this one struct.
#pragma once

#include <vector>

#include "attn/multi_head.h"
#include "linalg/growing_matrix.h"
#include "linalg/shared_matrix.h"
#include "model/intervention.h"

namespace attn {

/// One layer. It holds query, key, value and the rule, from which everything about its heads follows; or, opened from a
/// file without them, the weights alone; or both.
struct LayerTrace {
  GrowingMatrix query;    ///< [n_query, n_heads * d_head]
  GrowingMatrix key;      ///< [n_key, n_kv_heads * d_head]
  GrowingMatrix value;    ///< [n_key, n_kv_heads * d_value]
  ScoreRule rule;         ///< What was in force in every head, blocked keys included.
  Interventions changes;  ///< The layer's interventions: some heads had another rule (rule_of_head).
  SharedMatrix weights;   ///< [n_heads * n_query, n_key], head after head; empty where they follow from the above.
};

struct ForwardTrace {
  Index n_heads = 0;
  Index n_kv_heads = 0;
  Index n_query = 0;
  Index n_key = 0;
  bool causal = false;  ///< Whether queries were kept from seeing later keys.
  std::vector<LayerTrace> layers;
  /// Residual stream, [n_query, d_model] each: hidden[l] enters layer l, the last one leaves the last layer. Empty if
  /// unknown.
  std::vector<GrowingMatrix> hidden;
  Interventions interventions;  ///< What the reader changed about this pass; empty: the model's own.

  [[nodiscard]] Index n_layers() const { return static_cast<Index>(layers.size()); }
};

/// The trace of the first `n` tokens of a causal trace: what they did does not depend on what follows. Shares its
/// memory.
/// @throws Error (bad-request) if the trace is not causal, has weights alone, or fewer tokens
ForwardTrace beginning_of(const ForwardTrace& trace, Index n);

/// What a trace can be asked for, beside the weights.
struct Capabilities {
  bool scores = false;
  bool hidden = false;
};
Capabilities capabilities_of(const ForwardTrace& trace);

/// The rows of a head are computed in blocks of so many when someone looks at them. Always the same blocks, so that a
/// number is the same to the last bit in a picture, a table and a calculation.
inline constexpr Index kTraceRows = 64;

/// One block of one head's rows.
struct HeadBlock {
  Index first_query = 0;
  Matrix scores;   ///< [rows, n_key], empty where the trace has weights alone.
  Matrix weights;  ///< [rows, n_key]
  Matrix output;   ///< [rows, d_value], empty where the trace has weights alone.
};

/// The block that holds row `query` of a head: rows from a multiple of kTraceRows on.
/// @throws Error (bad-request) if layer, head or query does not exist
/// Cost: 2 kTraceRows n_key (d_head + d_value) floating-point operations.
HeadBlock head_block(const ForwardTrace& trace, Index layer, Index head, Index query);

/// One head's weights, [n_query, n_key].
/// @throws Error (bad-request) if layer or head does not exist
Matrix head_weights(const ForwardTrace& trace, Index layer, Index head);

/// One head's scores, [n_query, n_key].
/// @throws Error (bad-request) if layer or head does not exist; (unsupported) if the trace has weights alone
Matrix head_scores(const ForwardTrace& trace, Index layer, Index head);

/// How one weight came about. What the trace lacks is empty or NaN; `has_scores` says so.
struct CellTrace {
  bool has_scores = false;
  Vector query;            ///< [d_head]
  Vector key;              ///< [d_head]
  Vector value;            ///< [d_value] of this key
  double dot = 0;          ///< query . key
  double scale = 0;        ///< What multiplied it, the reader's temperature included.
  double bias = 0;         ///< What was added then, likewise.
  double temperature = 1;  ///< What the reader had the scores divided by; 1: the model's own.
  double score = 0;        ///< What softmax saw; -infinity where masked.
  double row_max = 0;      ///< The row's largest score; -infinity if no key is visible.
  double row_sum = 0;      ///< Sum of exp(score - row_max) over the row's visible keys.
  double weight = 0;
  bool masked = false;
  Vector output;       ///< [d_value] the row's weights . value, before w_output
  Vector row_scores;   ///< [n_key]
  Vector row_weights;  ///< [n_key]
};

/// @throws Error (bad-request) if the cell does not exist
CellTrace cell_trace(const ForwardTrace& trace, Index layer, Index head, Index query, Index key);

}  // namespace attn
