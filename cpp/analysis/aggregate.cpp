// Heads added up block by block; the rollout layer by layer on top of that.
#include "analysis/aggregate.h"

#include <algorithm>

#include "linalg/products.h"

namespace attn {
namespace {

void check_layer(const ForwardTrace& trace, Index layer) {
  if (layer >= 0 && layer < trace.n_layers()) return;
  fail(ErrorCode::kBadRequest, {"There is no layer ", layer, "."}, {"layer 0 to ", trace.n_layers() - 1}, {layer});
}

/// One block of rows, mean or max over the heads of a layer. @param sums  scratch
Matrix block_of(const ForwardTrace& trace, Index layer, Aggregate kind, Index first, std::vector<double>& sums) {
  Matrix block;
  for (Index head = 0; head < trace.n_heads; ++head) {
    const Matrix weights = head_block(trace, layer, head, first).weights;
    if (head == 0) {
      block = Matrix::Zero(weights.rows(), weights.cols());
      sums.assign(static_cast<std::size_t>(weights.size()), 0.0);
    }
    for (Index i = 0; i < weights.size(); ++i) {
      sums[static_cast<std::size_t>(i)] += weights.data()[i];
      block.data()[i] = std::max(block.data()[i], weights.data()[i]);
    }
  }
  for (Index i = 0; kind != Aggregate::kMax && i < block.size(); ++i) {
    block.data()[i] = static_cast<float>(sums[static_cast<std::size_t>(i)] / static_cast<double>(trace.n_heads));
  }
  return block;
}

Stepper run(const ForwardTrace& trace, Aggregate kind, Index layer, Matrix& result) {
  const bool rolls = kind == Aggregate::kRollout;
  const Index first_layer = rolls ? 0 : layer;
  const double pieces = static_cast<double>(layer - first_layer + 1) * static_cast<double>(trace.n_query);
  std::vector<double> sums;
  Matrix before;
  for (Index l = first_layer; l <= layer; ++l) {
    result.resize(trace.n_query, trace.n_key);
    for (Index first = 0; first < trace.n_query; first += kTraceRows) {
      Matrix block = block_of(trace, l, kind, first, sums);
      for (Index row = 0; rolls && row < block.rows(); ++row) {
        with_itself(first + row, block.row(row).data(), block.cols());
      }
      if (l == first_layer) {
        copy(block, result.middleRows(first, block.rows()));
      } else {
        product(block, before, result.middleRows(first, block.rows()));
      }
      const double rows = static_cast<double>(l - first_layer) * static_cast<double>(trace.n_query);
      co_yield (rows + static_cast<double>(first + block.rows())) / (pieces + 1.0);
    }
    if (l < layer) before = result;
  }
}

}  // namespace

void with_itself(Index row, float* weights, Index n) {
  weights[row] += 1.0F;
  double sum = 0.0;
  for (Index key = 0; key < n; ++key) sum += weights[key];
  for (Index key = 0; key < n; ++key) weights[key] = static_cast<float>(weights[key] / sum);
}

Stepper aggregate_of(const ForwardTrace& trace, Aggregate kind, Index layer, Matrix& result) {
  check_layer(trace, layer);
  if (kind == Aggregate::kRollout && trace.n_query != trace.n_key) {
    fail(ErrorCode::kUnsupported, {"A rollout needs queries that are the keys."}, {trace.n_key}, {trace.n_query});
  }
  return run(trace, kind, layer, result);
}

}  // namespace attn
