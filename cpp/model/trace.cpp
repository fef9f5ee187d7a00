// Looks into a trace: a head's weights and scores, computed again from what was kept, and all about one cell.
#include "model/trace.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "linalg/softmax.h"

namespace attn {
namespace {

void check_index(const char* what, Index index, Index count) {
  if (index >= 0 && index < count) return;
  fail(ErrorCode::kBadRequest, {"There is no ", what, " ", index, "."}, {what, " from 0 to ", count - 1}, {index});
}

const LayerTrace& layer_at(const ForwardTrace& trace, Index layer, Index head) {
  check_index("layer", layer, trace.n_layers());
  check_index("head", head, trace.n_heads);
  return trace.layers[static_cast<std::size_t>(layer)];
}

bool has_scores(const LayerTrace& layer) { return layer.query.size() != 0; }

}  // namespace

Capabilities capabilities_of(const ForwardTrace& trace) {
  return {.scores = std::ranges::all_of(trace.layers, has_scores), .hidden = !trace.hidden.empty()};
}

ForwardTrace beginning_of(const ForwardTrace& trace, Index n) {
  if (!trace.causal || !capabilities_of(trace).scores || n < 0 || n > trace.n_query) {
    fail(ErrorCode::kBadRequest, {"Only what a causal model computed can be taken up again."},
         {"a causal trace of ", n, " tokens"}, {trace.n_query, " tokens"});
  }
  ForwardTrace beginning = trace;
  beginning.n_query = beginning.n_key = n;
  for (LayerTrace& layer : beginning.layers) {
    layer.query = layer.query.top(n);
    layer.key = layer.key.top(n);
    layer.value = layer.value.top(n);
    if (layer.rule.bias.size() != 0) layer.rule.bias = layer.rule.bias.topLeftCorner(n, n).eval();
    if (!layer.rule.mask.padding.empty()) layer.rule.mask.padding.resize(static_cast<std::size_t>(n));
    layer.weights = {};
  }
  for (GrowingMatrix& hidden : beginning.hidden) hidden = hidden.top(n);
  return beginning;
}

HeadBlock head_block(const ForwardTrace& trace, Index layer, Index head, Index query) {
  const LayerTrace& from = layer_at(trace, layer, head);
  check_index("query", query, trace.n_query);
  const Index first = query - query % kTraceRows;
  const Index rows = std::min(kTraceRows, trace.n_query - first);
  HeadBlock block;
  block.first_query = first;
  if (has_scores(from)) {
    const Index kv_head = kv_head_of(head, trace.n_heads, trace.n_kv_heads);
    HeadTrace attention = scaled_dot_product_attention(
        head_of(from.query.view(), head, trace.n_heads).middleRows(first, rows),
        head_of(from.key.view(), kv_head, trace.n_kv_heads), head_of(from.value.view(), kv_head, trace.n_kv_heads),
        changes_rule(from.changes, head) ? rule_of_head(from.rule, from.changes, head) : from.rule, first);
    block.scores = std::move(attention.scores);
    block.weights = std::move(attention.weights);
    block.output = std::move(attention.output);
  }
  if (!from.weights.empty())
    block.weights = copy_of(from.weights.view().middleRows(head * trace.n_query + first, rows));
  return block;
}

Matrix head_weights(const ForwardTrace& trace, Index layer, Index head) {
  layer_at(trace, layer, head);
  Matrix weights(trace.n_query, trace.n_key);
  for (Index first = 0; first < trace.n_query; first += kTraceRows) {
    const HeadBlock block = head_block(trace, layer, head, first);
    copy(block.weights, weights.middleRows(first, block.weights.rows()));
  }
  return weights;
}

Matrix head_scores(const ForwardTrace& trace, Index layer, Index head) {
  if (!has_scores(layer_at(trace, layer, head))) {
    fail(ErrorCode::kUnsupported, {"This trace holds weights alone: there are no scores to show."});
  }
  Matrix scores(trace.n_query, trace.n_key);
  for (Index first = 0; first < trace.n_query; first += kTraceRows) {
    const HeadBlock block = head_block(trace, layer, head, first);
    copy(block.scores, scores.middleRows(first, block.scores.rows()));
  }
  return scores;
}

CellTrace cell_trace(const ForwardTrace& trace, Index layer, Index head, Index query, Index key) {
  const LayerTrace& from = layer_at(trace, layer, head);
  check_index("query", query, trace.n_query);
  check_index("key", key, trace.n_key);
  const HeadBlock block = head_block(trace, layer, head, query);
  const Index row = query - block.first_query;

  CellTrace cell;
  cell.row_weights = row_of(block.weights, row);
  cell.weight = cell.row_weights(key);
  cell.has_scores = has_scores(from);
  if (!cell.has_scores) {
    cell.masked = cell.weight == 0.0 && ((trace.causal && key > query) || cell.row_weights.isZero(0.0F));
    return cell;
  }
  const Index kv_head = kv_head_of(head, trace.n_heads, trace.n_kv_heads);
  cell.query = row_of(head_of(from.query.view(), head, trace.n_heads), query);
  cell.key = row_of(head_of(from.key.view(), kv_head, trace.n_kv_heads), key);
  cell.value = row_of(head_of(from.value.view(), kv_head, trace.n_kv_heads), key);
  for (Index i = 0; i < cell.query.size(); ++i) cell.dot += double{cell.query(i)} * double{cell.key(i)};
  if (changes_rule(from.changes, head)) cell.temperature = rule_of_head(from.rule, from.changes, head).temperature;
  cell.scale = from.rule.scale / cell.temperature;
  cell.bias = from.rule.bias.size() == 0 ? 0.0 : from.rule.bias(query, key) / cell.temperature;
  cell.row_scores = row_of(block.scores, row);
  cell.score = cell.row_scores(key);
  cell.masked = cell.row_scores(key) == kMasked;
  cell.row_max = *std::ranges::max_element(cell.row_scores);
  for (const float score : cell.row_scores) {
    if (score != kMasked) cell.row_sum += std::exp(score - cell.row_max);
  }
  cell.output = row_of(block.output, row);
  return cell;
}

}  // namespace attn
