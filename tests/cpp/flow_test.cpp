// Attention flow: known graphs, and a slow search for paths that shares nothing with it.
#include "analysis/flow.h"

#include <gtest/gtest.h>

#include <functional>

#include "analysis/aggregate.h"
#include "random_runs.h"

namespace {

using attn::Index;
using attn::Matrix;

std::vector<float> flow(const attn::ForwardTrace& trace, Index query) {
  std::vector<float> result;
  attn::flow_of(trace, query, result).finish();
  return result;
}

/// A weights-only run of one head a layer.
attn::ForwardTrace layers_of(const std::vector<Matrix>& layers) {
  attn::ForwardTrace trace;
  trace.n_heads = trace.n_kv_heads = 1;
  trace.n_query = trace.n_key = layers.front().rows();
  for (const Matrix& weights : layers) {
    trace.layers.emplace_back();
    trace.layers.back().weights = attn::SharedMatrix(weights);
  }
  return trace;
}

TEST(Flow, ThroughOneLayerIsItsRow) {
  Matrix weights(2, 2);
  weights << 0.25F, 0.75F, 0.5F, 0.5F;
  const auto found = flow(layers_of({weights}), 0);
  EXPECT_NEAR(found[0], 0.625F, 1e-6);
  EXPECT_NEAR(found[1], 0.375F, 1e-6);
}

TEST(Flow, IsBoundedByTheNarrowestPlace) {
  // Both tokens of the upper layer look at token 0 of the lower one alone, which looks at itself alone.
  Matrix all_to_first(2, 2);
  all_to_first << 1.0F, 0.0F, 1.0F, 0.0F;
  const auto found = flow(layers_of({all_to_first, all_to_first}), 1);
  // 1/2 by way of token 0 (wide open below), and the other half stays at token 1, of which half goes on to token 0.
  EXPECT_NEAR(found[0], 1.0F, 1e-6);
  EXPECT_NEAR(found[1], 0.5F, 1e-6);
}

/// Ford and Fulkerson as slow as can be, on a matrix of capacities in float64.
double slow_flow(std::vector<std::vector<double>> room, std::size_t source, std::size_t sink) {
  double total = 0.0;
  for (;;) {
    std::vector<int> from(room.size(), -1);
    from[source] = static_cast<int>(source);
    std::vector<std::size_t> queue{source};
    for (std::size_t i = 0; i < queue.size(); ++i) {
      for (std::size_t to = 0; to < room.size(); ++to) {
        if (room[queue[i]][to] <= 1e-12 || from[to] >= 0) continue;
        from[to] = static_cast<int>(queue[i]);
        queue.push_back(to);
      }
    }
    if (from[sink] < 0) return total;
    double most = 1e9;
    for (std::size_t at = sink; at != source; at = static_cast<std::size_t>(from[at])) {
      most = std::min(most, room[static_cast<std::size_t>(from[at])][at]);
    }
    for (std::size_t at = sink; at != source; at = static_cast<std::size_t>(from[at])) {
      room[static_cast<std::size_t>(from[at])][at] -= most;
      room[at][static_cast<std::size_t>(from[at])] += most;
    }
    total += most;
  }
}

TEST(Flow, EqualsTheSlowSearch) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const std::size_t n = 6;
    const std::size_t n_layers = 3;
    const auto trace = test::random_run(3, 2, 2, 6, seed % 2 == 0, seed);
    std::vector<std::vector<double>> room(n * (n_layers + 1), std::vector<double>(n * (n_layers + 1)));
    for (std::size_t layer = 0; layer < n_layers; ++layer) {
      const Matrix mean = (attn::head_weights(trace, static_cast<Index>(layer), 0) +
                           attn::head_weights(trace, static_cast<Index>(layer), 1)) /
                          2.0F;
      for (std::size_t t = 0; t < n; ++t) {
        for (std::size_t s = 0; s < n; ++s) {
          room[(layer + 1) * n + t][layer * n + s] =
              (mean(static_cast<Index>(t), static_cast<Index>(s)) + (s == t ? 1.0 : 0.0)) / 2.0;
        }
      }
    }
    const auto found = flow(trace, 4);
    for (std::size_t token = 0; token < n; ++token) {
      EXPECT_NEAR(found[token], slow_flow(room, n_layers * n + 4, token), 1e-6) << token;
    }
  }
}

/// A rollout shares the query out on its way down and fills no edge beyond its capacity: it is one of the flows.
TEST(Flow, IsNeverLessThanTheRollout) {
  const auto trace = test::random_run(5, 3, 1, 40, true, 9);
  Matrix rollout;
  attn::aggregate_of(trace, attn::Aggregate::kRollout, 4, rollout).finish();
  const auto found = flow(trace, 33);
  for (Index token = 0; token < 40; ++token) {
    EXPECT_GE(found[static_cast<std::size_t>(token)], rollout(33, token) - 1e-5F) << token;
    EXPECT_LE(found[static_cast<std::size_t>(token)], 1.0F + 1e-5F) << token;
  }
}

TEST(Flow, RefusesWhatIsTooLongOrNotThere) {
  test::expect_refusal({attn::ErrorCode::kTooLarge, "short texts", "at most 64"},
                       [] { flow(test::random_run(1, 1, 1, 65, false, 1), 0); });
  test::expect_refusal({attn::ErrorCode::kBadRequest, "no query 5"},
                       [] { flow(test::random_run(1, 1, 1, 5, false, 1), 5); });
}

}  // namespace
