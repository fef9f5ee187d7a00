// What a trace answers about its heads: the same numbers in a block, a matrix and a calculation.
#include "model/trace.h"

#include <gtest/gtest.h>

#include <cmath>

#include "golden.h"

namespace {

using attn::CellTrace;
using attn::ErrorCode;
using attn::ForwardTrace;
using attn::GrowingMatrix;
using attn::HeadBlock;
using attn::Index;
using attn::Matrix;
using test::difference;

constexpr Index kTokens = 150;  // More than two blocks of rows.
constexpr Index kHeads = 4;
constexpr Index kKvHeads = 2;
constexpr Index kWidth = 6;
constexpr Index kValueWidth = 5;

/// Two layers; the second one has a bias, and padding hides the last two keys.
ForwardTrace trace_of_parts(bool causal) {
  test::Random random(181);
  ForwardTrace trace{.n_heads = kHeads,
                     .n_kv_heads = kKvHeads,
                     .n_query = kTokens,
                     .n_key = kTokens,
                     .causal = causal,
                     .layers = {},
                     .hidden = {}};
  for (int layer = 0; layer < 2; ++layer) {
    attn::LayerTrace one;
    one.query = GrowingMatrix(random.matrix(kTokens, kHeads * kWidth, 2.0F));
    one.key = GrowingMatrix(random.matrix(kTokens, kKvHeads * kWidth, 2.0F));
    one.value = GrowingMatrix(random.matrix(kTokens, kKvHeads * kValueWidth));
    one.rule = attn::scaled_by_width(kWidth, causal ? attn::causal_mask() : attn::Mask{});
    trace.layers.push_back(std::move(one));
  }
  trace.layers[1].rule.bias = random.matrix(kTokens, kTokens);
  trace.layers[1].rule.mask.padding.assign(kTokens, 0);
  trace.layers[1].rule.mask.padding[kTokens - 2] = trace.layers[1].rule.mask.padding[kTokens - 1] = 1;
  return trace;
}

/// The same weights, and nothing else.
ForwardTrace trace_of_weights(const ForwardTrace& from) {
  ForwardTrace trace{.n_heads = from.n_heads,
                     .n_kv_heads = from.n_heads,
                     .n_query = from.n_query,
                     .n_key = from.n_key,
                     .causal = from.causal,
                     .layers = {},
                     .hidden = {}};
  for (Index layer = 0; layer < from.n_layers(); ++layer) {
    Matrix weights(from.n_heads * from.n_query, from.n_key);
    for (Index head = 0; head < from.n_heads; ++head) {
      weights.middleRows(head * from.n_query, from.n_query) = attn::head_weights(from, layer, head);
    }
    trace.layers.emplace_back();
    trace.layers.back().weights = attn::SharedMatrix(std::move(weights));
  }
  return trace;
}

TEST(HeadBlock, IsThatPartOfTheWholeHeadToTheLastBit) {
  for (const bool causal : {false, true}) {
    const ForwardTrace trace = trace_of_parts(causal);
    for (Index layer = 0; layer < 2; ++layer) {
      for (Index head = 0; head < kHeads; ++head) {
        const Matrix weights = attn::head_weights(trace, layer, head);
        const Matrix scores = attn::head_scores(trace, layer, head);
        for (const Index query : {0, 63, 64, 127, 128, 149}) {
          const HeadBlock block = attn::head_block(trace, layer, head, query);
          EXPECT_EQ(block.first_query, query / attn::kTraceRows * attn::kTraceRows);
          EXPECT_EQ(block.weights.rows(), std::min(attn::kTraceRows, kTokens - block.first_query));
          EXPECT_EQ(block.weights, weights.middleRows(block.first_query, block.weights.rows()));
          EXPECT_EQ(block.scores, scores.middleRows(block.first_query, block.scores.rows()));
        }
      }
    }
  }
}

TEST(HeadBlock, IsWhatAttentionGivesAtOnce) {
  const ForwardTrace trace = trace_of_parts(true);
  for (Index layer = 0; layer < 2; ++layer) {
    const attn::LayerTrace& from = trace.layers[static_cast<std::size_t>(layer)];
    for (Index head = 0; head < kHeads; ++head) {
      const Index shared = head / (kHeads / kKvHeads);
      const attn::HeadTrace whole = attn::scaled_dot_product_attention(
          from.query.view().middleCols(head * kWidth, kWidth), from.key.view().middleCols(shared * kWidth, kWidth),
          from.value.view().middleCols(shared * kValueWidth, kValueWidth), from.rule);
      EXPECT_LE(difference(attn::head_weights(trace, layer, head), whole.weights), 1e-6);
      const HeadBlock last = attn::head_block(trace, layer, head, kTokens - 1);
      EXPECT_LE(difference(last.output, whole.output.bottomRows(last.output.rows())), 1e-5);
    }
  }
}

TEST(HeadBlock, TakesWeightsThatAreGiven) {
  const ForwardTrace parts = trace_of_parts(false);
  const ForwardTrace alone = trace_of_weights(parts);
  for (Index head = 0; head < kHeads; ++head) {
    EXPECT_EQ(attn::head_weights(alone, 1, head), attn::head_weights(parts, 1, head));
    const HeadBlock block = attn::head_block(alone, 1, head, 70);
    EXPECT_EQ(block.scores.size(), 0);
    EXPECT_EQ(block.output.size(), 0);
  }
  test::expect_refusal({ErrorCode::kUnsupported, "weights alone", "", ""}, [&] { attn::head_scores(alone, 0, 0); });
}

TEST(CellTrace, IsTheSumOfItsParts) {
  const ForwardTrace trace = trace_of_parts(true);
  test::Random random(182);
  for (int round = 0; round < 200; ++round) {
    const Index layer = random.index(0, 1);
    const Index head = random.index(0, kHeads - 1);
    const Index query = random.index(0, kTokens - 1);
    const Index key = random.index(0, kTokens - 1);
    SCOPED_TRACE(testing::Message() << layer << ", " << head << ", " << query << ", " << key);
    const CellTrace cell = attn::cell_trace(trace, layer, head, query, key);
    ASSERT_TRUE(cell.has_scores);
    EXPECT_NEAR(cell.dot, cell.query.cast<double>().dot(cell.key.cast<double>()), 1e-12);
    EXPECT_FLOAT_EQ(static_cast<float>(cell.scale), 1.0F / std::sqrt(static_cast<float>(kWidth)));
    EXPECT_EQ(cell.bias != 0.0, layer == 1);
    EXPECT_EQ(cell.masked, key > query || (layer == 1 && key >= kTokens - 2));
    if (cell.masked) {
      EXPECT_EQ(cell.score, -std::numeric_limits<double>::infinity());
      EXPECT_EQ(cell.weight, 0.0);
    } else {
      EXPECT_NEAR(cell.score, cell.dot * cell.scale + cell.bias, 1e-5);
      EXPECT_NEAR(cell.weight, std::exp(cell.score - cell.row_max) / cell.row_sum, 1e-6);
    }
    EXPECT_EQ(cell.row_max, static_cast<double>(cell.row_scores.maxCoeff()));
    EXPECT_EQ(cell.row_scores(key), static_cast<float>(cell.score));
    EXPECT_EQ(cell.row_weights(key), static_cast<float>(cell.weight));
    EXPECT_EQ(cell.row_weights, attn::head_weights(trace, layer, head).row(query));
    const attn::LayerTrace& from = trace.layers[static_cast<std::size_t>(layer)];
    const Index shared = head / (kHeads / kKvHeads);
    const Matrix values = from.value.view().middleCols(shared * kValueWidth, kValueWidth);
    EXPECT_EQ(cell.value, values.row(key));
    EXPECT_LE(difference(cell.output, cell.row_weights.cast<double>() * values.cast<double>()), 1e-6);
  }
}

TEST(CellTrace, SaysWhereARowSeesNothing) {
  ForwardTrace trace = trace_of_parts(false);
  trace.layers[0].rule.mask.padding.assign(kTokens, 1);
  const CellTrace cell = attn::cell_trace(trace, 0, 0, 3, 4);
  EXPECT_TRUE(cell.masked);
  EXPECT_EQ(cell.row_max, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(cell.row_sum, 0.0);
  EXPECT_EQ(cell.weight, 0.0);
  EXPECT_TRUE(cell.output.isZero(0.0F));
}

TEST(CellTrace, KnowsOnlyTheRowWhereWeightsAreAllThereIs) {
  const ForwardTrace parts = trace_of_parts(true);
  const ForwardTrace alone = trace_of_weights(parts);
  const CellTrace cell = attn::cell_trace(alone, 0, 2, 80, 40);
  EXPECT_FALSE(cell.has_scores);
  EXPECT_FALSE(cell.masked);
  EXPECT_EQ(cell.row_weights, attn::head_weights(parts, 0, 2).row(80));
  EXPECT_EQ(cell.weight, static_cast<double>(cell.row_weights(40)));
  EXPECT_EQ(cell.query.size() + cell.key.size() + cell.value.size() + cell.output.size(), 0);
  EXPECT_TRUE(attn::cell_trace(alone, 0, 2, 40, 80).masked);
}

TEST(Trace, RefusesWhatDoesNotExist) {
  const ForwardTrace trace = trace_of_parts(false);
  using enum ErrorCode;
  const auto refused = [](const char* what, const char* expected, const char* found,
                          const std::function<void()>& work) {
    test::expect_refusal({kBadRequest, what, expected, found}, work);
  };
  for (const Index layer : {-1, 2, 1000}) {
    const std::string found = "^" + std::to_string(layer) + "$";
    refused("no layer", "0 to 1", found.c_str(), [&] { attn::head_weights(trace, layer, 0); });
    refused("no layer", "0 to 1", found.c_str(), [&] { attn::head_scores(trace, layer, 0); });
    refused("no layer", "0 to 1", found.c_str(), [&] { attn::head_block(trace, layer, 0, 0); });
    refused("no layer", "0 to 1", found.c_str(), [&] { attn::cell_trace(trace, layer, 0, 0, 0); });
  }
  for (const Index head : {-1, 4}) {
    const std::string found = "^" + std::to_string(head) + "$";
    refused("no head", "0 to 3", found.c_str(), [&] { attn::head_weights(trace, 0, head); });
    refused("no head", "0 to 3", found.c_str(), [&] { attn::head_scores(trace, 0, head); });
    refused("no head", "0 to 3", found.c_str(), [&] { attn::head_block(trace, 0, head, 0); });
    refused("no head", "0 to 3", found.c_str(), [&] { attn::cell_trace(trace, 0, head, 0, 0); });
  }
  for (const Index at : {-1, 150}) {
    const std::string found = "^" + std::to_string(at) + "$";
    refused("no query", "0 to 149", found.c_str(), [&] { attn::head_block(trace, 0, 0, at); });
    refused("no query", "0 to 149", found.c_str(), [&] { attn::cell_trace(trace, 0, 0, at, 0); });
    refused("no key", "0 to 149", found.c_str(), [&] { attn::cell_trace(trace, 0, 0, 0, at); });
  }
}

TEST(Trace, SaysWhatItCanBeAskedFor) {
  ForwardTrace trace = trace_of_parts(false);
  EXPECT_TRUE(attn::capabilities_of(trace).scores);
  EXPECT_FALSE(attn::capabilities_of(trace).hidden);
  trace.hidden.emplace_back(Matrix(Matrix::Zero(kTokens, 3)));
  EXPECT_TRUE(attn::capabilities_of(trace).hidden);
  EXPECT_FALSE(attn::capabilities_of(trace_of_weights(trace)).scores);
}

ForwardTrace causal_trace() {
  ForwardTrace trace = trace_of_parts(true);
  test::Random random(183);
  for (int layer = 0; layer < 3; ++layer) trace.hidden.emplace_back(random.matrix(kTokens, 7));
  return trace;
}

TEST(BeginningOf, IsTheFirstTokensAndSharesTheirMemory) {
  const ForwardTrace trace = causal_trace();
  for (const Index n : {Index{0}, Index{1}, Index{64}, Index{100}, kTokens}) {
    SCOPED_TRACE(n);
    const ForwardTrace beginning = attn::beginning_of(trace, n);
    EXPECT_EQ(beginning.n_query, n);
    EXPECT_EQ(beginning.n_key, n);
    EXPECT_EQ(beginning.n_heads, kHeads);
    EXPECT_EQ(beginning.n_kv_heads, kKvHeads);
    EXPECT_TRUE(beginning.causal);
    ASSERT_EQ(beginning.hidden.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(beginning.hidden[i].rows(), n);
      EXPECT_EQ(beginning.hidden[i].view().data(), trace.hidden[i].view().data());
    }
    for (std::size_t i = 0; i < 2; ++i) {
      const std::pair<const GrowingMatrix&, const GrowingMatrix&> pairs[] = {
          {beginning.layers[i].query, trace.layers[i].query},
          {beginning.layers[i].key, trace.layers[i].key},
          {beginning.layers[i].value, trace.layers[i].value}};
      for (const auto& [part, whole] : pairs) {
        EXPECT_EQ(part.rows(), n);
        EXPECT_EQ(part.view().data(), whole.view().data());
      }
    }
  }
}

TEST(BeginningOf, AnswersAboutItsHeadsAsTheWholeDoes) {
  // The second layer has a bias and padding at its end: they are cut as well.
  const ForwardTrace trace = causal_trace();
  for (const Index n : {Index{1}, Index{70}, kTokens - 1}) {
    const ForwardTrace beginning = attn::beginning_of(trace, n);
    for (Index layer = 0; layer < 2; ++layer) {
      const Matrix weights = attn::head_weights(beginning, layer, 3);
      EXPECT_LE(difference(weights, attn::head_weights(trace, layer, 3).topLeftCorner(n, n)), 1e-6)
          << n << ", " << layer;
      EXPECT_EQ(attn::cell_trace(beginning, layer, 3, n - 1, 0).row_weights.size(), n);
    }
  }
}

TEST(BeginningOf, LeavesOutWeightsThatWereGivenBeside) {
  ForwardTrace trace = causal_trace();
  trace.layers[0].weights = attn::SharedMatrix(Matrix(Matrix::Constant(kHeads * kTokens, kTokens, 0.5F)));
  const Matrix weights = attn::head_weights(attn::beginning_of(trace, 10), 0, 2);
  for (Index row = 0; row < 10; ++row) EXPECT_NEAR(weights.row(row).sum(), 1.0F, 1e-5F);
}

TEST(BeginningOf, RefusesWhatCannotBeTakenUpAgain) {
  const auto refused = [](const ForwardTrace& trace, Index n, const char* found) {
    test::expect_refusal({ErrorCode::kBadRequest, "causal model", "a causal trace of " + std::to_string(n), found},
                         [&] { attn::beginning_of(trace, n); });
  };
  refused(causal_trace(), kTokens + 1, "^150 tokens$");
  refused(causal_trace(), -1, "^150 tokens$");
  refused(trace_of_parts(false), 3, "150 tokens");
  refused(trace_of_weights(trace_of_parts(true)), 3, "150 tokens");
}

}  // namespace
