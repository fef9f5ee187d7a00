// Dinic's algorithm on the layered graph of a run.
#include "analysis/flow.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "analysis/aggregate.h"

namespace attn {
namespace {

/// What a capacity of 1 is in whole units.
constexpr double kUnit = 1073741824.0;

/// A directed graph with capacities; each edge lies beside its way back, at index ^ 1.
class Graph {
 public:
  explicit Graph(std::size_t n_nodes) : edges_of_(n_nodes), level_(n_nodes), next_(n_nodes) {}

  void add(std::size_t from, std::size_t to, std::int64_t capacity) {
    edges_of_[from].push_back(edges_.size());
    edges_.push_back({to, capacity});
    edges_of_[to].push_back(edges_.size());
    edges_.push_back({from, 0});
    capacities_.push_back(capacity);
    capacities_.push_back(0);
  }

  /// The largest flow from one node to another; edges are full again before it begins.
  std::int64_t largest_flow(std::size_t source, std::size_t sink) {
    for (std::size_t e = 0; e < edges_.size(); ++e) edges_[e].room = capacities_[e];
    std::int64_t flow = 0;
    while (find_levels(source, sink)) {
      std::ranges::fill(next_, std::size_t{0});
      while (const std::int64_t pushed = push(source, sink, std::numeric_limits<std::int64_t>::max())) flow += pushed;
    }
    return flow;
  }

 private:
  struct Edge {
    std::size_t to;
    std::int64_t room;
  };

  bool find_levels(std::size_t source, std::size_t sink) {
    std::ranges::fill(level_, -1);
    level_[source] = 0;
    std::vector<std::size_t> queue{source};
    for (std::size_t i = 0; i < queue.size(); ++i) {
      for (const std::size_t e : edges_of_[queue[i]]) {
        const auto& [to, room] = edges_[e];
        if (room == 0 || level_[to] >= 0) continue;
        level_[to] = level_[queue[i]] + 1;
        queue.push_back(to);
      }
    }
    return level_[sink] >= 0;
  }

  /// Along one path; its length is bounded by the number of nodes, 64 tokens a layer.
  // NOLINTNEXTLINE(misc-no-recursion): as deep as there are layers, and back through them.
  std::int64_t push(std::size_t node, std::size_t sink, std::int64_t most) {
    if (node == sink) return most;
    for (std::size_t& i = next_[node]; i < edges_of_[node].size(); ++i) {
      const std::size_t e = edges_of_[node][i];
      const auto [to, room] = edges_[e];
      if (room == 0 || level_[to] != level_[node] + 1) continue;
      const std::int64_t pushed = push(to, sink, std::min(most, room));
      if (pushed == 0) continue;
      edges_[e].room -= pushed;
      edges_[e ^ 1U].room += pushed;
      return pushed;
    }
    return 0;
  }

  std::vector<Edge> edges_;
  std::vector<std::int64_t> capacities_;
  std::vector<std::vector<std::size_t>> edges_of_;
  std::vector<int> level_;
  std::vector<std::size_t> next_;
};

Stepper run(const ForwardTrace& trace, Index query, std::vector<float>& flow) {
  const auto n = static_cast<std::size_t>(trace.n_query);
  const auto n_layers = static_cast<std::size_t>(trace.n_layers());
  Graph graph(n * (n_layers + 1));
  Matrix mean;
  for (std::size_t layer = 0; layer < n_layers; ++layer) {
    Stepper adding = aggregate_of(trace, Aggregate::kMean, static_cast<Index>(layer), mean);
    while (!adding.done()) {
      adding.advance();
      co_yield 0.0;
    }
    for (std::size_t t = 0; t < n; ++t) {
      float* row = mean.row(static_cast<Index>(t)).data();
      with_itself(static_cast<Index>(t), row, mean.cols());
      for (std::size_t s = 0; s < n; ++s) {
        const auto capacity = std::llround(double{row[s]} * kUnit);
        if (capacity > 0) graph.add((layer + 1) * n + t, layer * n + s, capacity);
      }
    }
  }
  flow.assign(n, 0.0F);
  for (std::size_t token = 0; token < n; ++token) {
    const auto whole = graph.largest_flow(n_layers * n + static_cast<std::size_t>(query), token);
    flow[token] = static_cast<float>(static_cast<double>(whole) / kUnit);
    co_yield static_cast<double>(token + 1) / static_cast<double>(n + 1);
  }
}

}  // namespace

Stepper flow_of(const ForwardTrace& trace, Index query, std::vector<float>& flow) {
  if (trace.n_query != trace.n_key) {
    fail(ErrorCode::kUnsupported, {"A flow needs queries that are the keys."}, {trace.n_key}, {trace.n_query});
  }
  if (query < 0 || query >= trace.n_query) {
    fail(ErrorCode::kBadRequest, {"There is no query ", query, "."}, {"query 0 to ", trace.n_query - 1}, {query});
  }
  if (trace.n_query > kMostFlowTokens) {
    fail(ErrorCode::kTooLarge, {"Attention flow is computed for short texts only."},
         {"at most ", kMostFlowTokens, " tokens"}, {trace.n_query, " tokens"});
  }
  return run(trace, query, flow);
}

}  // namespace attn
