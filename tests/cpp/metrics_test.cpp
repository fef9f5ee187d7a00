// Metrics against a slow reference on random runs, and against patterns made by hand whose answers are known.
#include "analysis/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "analysis/overview.h"
#include "golden.h"
#include "model/transformer.h"

namespace {

using attn::HeadMetrics;
using attn::Index;
using attn::Matrix;
using Exact = std::optional<double>;

/// A weights-only run of one head.
attn::ForwardTrace pattern(const Matrix& weights, bool causal) {
  attn::ForwardTrace trace;
  trace.n_heads = trace.n_kv_heads = 1;
  trace.n_query = trace.n_key = weights.rows();
  trace.causal = causal;
  trace.layers.resize(1);
  trace.layers[0].weights = attn::SharedMatrix(weights);
  return trace;
}

std::vector<HeadMetrics> metrics_of(const attn::ForwardTrace& trace, const attn::TextFacts& text) {
  attn::LinkFilter filter;
  filter.apart.resize(static_cast<std::size_t>(trace.n_key));
  filter.heads.resize(static_cast<std::size_t>(trace.n_layers() * trace.n_heads));
  attn::Overview overview;
  attn::overview_of(trace, text, filter, overview).finish();
  return overview.metrics;
}

attn::TextFacts plain(Index n) {
  attn::TextFacts text;
  for (Index i = 0; i < n; ++i) text.ids.push_back(static_cast<std::int32_t>(i));
  text.special.resize(static_cast<std::size_t>(n));
  return text;
}

/// Row t looks at one key alone.
template <typename KeyOf>
Matrix looking_at(Index n, const KeyOf& key_of) {
  Matrix weights = Matrix::Zero(n, n);
  for (Index t = 0; t < n; ++t) weights(t, key_of(t)) = 1.0F;
  return weights;
}

void expect(double found, Exact expected, const char* what) {
  if (expected) {
    EXPECT_NEAR(found, *expected, 1e-9) << what;
  } else {
    EXPECT_TRUE(std::isnan(found)) << what << " should not be measurable, is " << found;
  }
}

TEST(Metrics, OfAPreviousTokenHead) {
  const auto found = metrics_of(pattern(looking_at(6, [](Index t) { return t == 0 ? 0 : t - 1; }), true), plain(6))[0];
  expect(found.previous, 1.0, "previous");
  expect(found.entropy, 0.0, "entropy");
  expect(found.self, 1.0 / 6, "self");
  expect(found.first, 1.0 / 5, "first");
  expect(found.distance, 5.0 / 6, "distance");
  expect(found.distance_without_first, 1.0, "row 1 has nothing left without the first token");
  expect(found.next, {}, "next: no key after the query is visible");
  expect(found.special, {}, "special: there is none");
  expect(found.duplicate, {}, "duplicate: no token is repeated");
  expect(found.induction, {}, "induction");
}

TEST(Metrics, OfUniformHeads) {
  const auto both_ways = metrics_of(pattern(Matrix::Constant(4, 4, 0.25F), false), plain(4))[0];
  expect(both_ways.entropy, 1.0, "entropy");
  expect(both_ways.next, 0.25, "next");
  expect(both_ways.self, 0.25, "self");
  expect(both_ways.distance, 1.25, "distance");
  Matrix causal = Matrix::Zero(4, 4);
  for (Index t = 0; t < 4; ++t) causal.row(t).head(t + 1).setConstant(1.0F / static_cast<float>(t + 1));
  const auto backwards = metrics_of(pattern(causal, true), plain(4))[0];
  EXPECT_NEAR(backwards.entropy, 1.0, 1e-6);
  EXPECT_NEAR(backwards.first, (1.0 / 2 + 1.0 / 3 + 1.0 / 4) / 3, 1e-6);
}

TEST(Metrics, OfInductionAndDuplicateHeads) {
  // a b c a b c: from the second round on, induction looks right after the earlier one, a duplicate head at it.
  attn::TextFacts text = plain(6);
  text.ids = {7, 8, 9, 7, 8, 9};
  const auto induction = metrics_of(pattern(looking_at(6, [](Index t) { return t < 3 ? 0 : t - 2; }), true), text)[0];
  expect(induction.induction, 1.0, "induction");
  expect(induction.duplicate, 0.0, "duplicate");
  const auto duplicate = metrics_of(pattern(looking_at(6, [](Index t) { return t < 3 ? 0 : t - 3; }), true), text)[0];
  expect(duplicate.duplicate, 1.0, "duplicate");
  expect(duplicate.induction, 0.0, "induction");
}

TEST(Metrics, CountAllEarlierOccurrences) {
  attn::TextFacts text = plain(5);
  text.ids = {4, 4, 4, 1, 4};
  const auto found = metrics_of(pattern(Matrix::Constant(5, 5, 0.2F), false), text)[0];
  EXPECT_NEAR(found.duplicate, (0.2 + 0.4 + 0.6) / 3, 1e-6);
  // After an earlier one may come the query itself.
  EXPECT_NEAR(found.induction, (0.2 + 0.4 + 0.6) / 3, 1e-6);
}

TEST(Metrics, SpecialTokensAreNoDuplicatesAndTheFirstIsCountedApart) {
  attn::TextFacts text = plain(5);
  text.ids = {101, 5, 6, 102, 102};
  text.special = {1, 0, 0, 1, 1};
  const auto found = metrics_of(pattern(Matrix::Constant(5, 5, 0.2F), false), text)[0];
  EXPECT_NEAR(found.special, 0.4, 1e-6);
  EXPECT_NEAR(found.first, 0.2, 1e-6);
  expect(found.duplicate, {}, "duplicate: only special tokens are repeated");
}

TEST(Metrics, RowsThatSeeNothingCountForNothing) {
  Matrix weights = looking_at(4, [](Index) { return 1; });
  weights.row(0).setZero();
  attn::ForwardTrace trace = pattern(weights, false);
  const attn::TextFacts text = plain(4);
  attn::MetricSums sums(text);
  std::vector<std::uint8_t> nothing(4);
  sums.add(0, weights.row(0).data(), nothing);
  expect(sums.metrics().self, {}, "self");
  std::vector<std::uint8_t> visible;
  attn::find_visible(trace, 2, nullptr, visible);
  sums.add(2, weights.row(2).data(), visible);
  expect(sums.metrics().self, 0.0, "self");
  expect(sums.metrics().previous, 1.0, "previous");
}

TEST(Metrics, OfOneTokenAreMostlyNotMeasurable) {
  const auto found = metrics_of(pattern(Matrix::Ones(1, 1), false), plain(1))[0];
  expect(found.self, 1.0, "self");
  expect(found.distance, 0.0, "distance");
  for (const double metric : {found.entropy, found.previous, found.next, found.first, found.special,
                              found.distance_without_first, found.duplicate, found.induction}) {
    EXPECT_TRUE(std::isnan(metric));
  }
}

/// The definitions again, each on its own, cell by cell.
HeadMetrics slow_metrics(const Matrix& weights, const attn::TextFacts& text, bool causal) {
  const Index n = weights.rows();
  const auto sees = [&](Index t, Index s) { return !causal || s <= t; };
  const auto is_special = [&](Index t) { return text.special[static_cast<std::size_t>(t)] != 0; };
  const auto id = [&](Index t) { return text.ids[static_cast<std::size_t>(t)]; };
  const auto mean_over = [&](const auto& row_value) {
    double sum = 0.0;
    int count = 0;
    for (Index t = 0; t < n; ++t) {
      const Exact value = row_value(t);
      if (!value) continue;
      sum += *value;
      ++count;
    }
    return count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / count;
  };
  const auto sum_where = [&](Index t, const auto& wanted) {
    double sum = 0.0;
    for (Index s = 0; s < n; ++s) sum += wanted(s) ? double{weights(t, s)} : 0.0;
    return sum;
  };
  bool any_special = false;
  for (Index t = 1; t < n; ++t) any_special = any_special || is_special(t);
  const auto earlier = [&](Index t) {
    std::vector<Index> places;
    for (Index s = 0; s < t; ++s) {
      if (!is_special(t) && !is_special(s) && id(s) == id(t)) places.push_back(s);
    }
    return places;
  };
  HeadMetrics m{};
  m.entropy = mean_over([&](Index t) -> Exact {
    int visible = 0;
    double entropy = 0.0;
    for (Index s = 0; s < n; ++s) {
      visible += sees(t, s) ? 1 : 0;
      if (weights(t, s) > 0.0F) entropy -= weights(t, s) * std::log(double{weights(t, s)});
    }
    return visible < 2 ? Exact{} : entropy / std::log(visible);
  });
  m.previous = mean_over([&](Index t) { return t == 0 ? Exact{} : double{weights(t, t - 1)}; });
  m.next = mean_over([&](Index t) { return t + 1 < n && sees(t, t + 1) ? Exact{weights(t, t + 1)} : Exact{}; });
  m.self = mean_over([&](Index t) -> Exact { return weights(t, t); });
  m.first = mean_over([&](Index t) { return t == 0 ? Exact{} : double{weights(t, 0)}; });
  m.special = mean_over([&](Index t) {
    return any_special ? Exact{sum_where(t, [&](Index s) { return s > 0 && is_special(s); })} : Exact{};
  });
  m.distance = mean_over([&](Index t) -> Exact {
    double sum = 0.0;
    for (Index s = 0; s < n; ++s) sum += weights(t, s) * std::abs(static_cast<double>(t - s));
    return sum;
  });
  m.distance_without_first = mean_over([&](Index t) -> Exact {
    double sum = 0.0;
    for (Index s = 1; s < n; ++s) sum += weights(t, s) * std::abs(static_cast<double>(t - s));
    const double rest = sum_where(t, [](Index s) { return s > 0; });
    return t == 0 || rest == 0.0 ? Exact{} : sum / rest;
  });
  m.duplicate = mean_over([&](Index t) -> Exact {
    double sum = 0.0;
    for (const Index s : earlier(t)) sum += weights(t, s);
    return earlier(t).empty() ? Exact{} : sum;
  });
  m.induction = mean_over([&](Index t) -> Exact {
    double sum = 0.0;
    for (const Index s : earlier(t)) sum += weights(t, s + 1);
    return earlier(t).empty() ? Exact{} : sum;
  });
  return m;
}

TEST(Metrics, EqualTheSlowReferenceOnRandomRuns) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    test::Random random(seed);
    const bool causal = seed % 2 == 0;
    const Index n = random.index(2, 150);
    attn::ForwardTrace trace;
    trace.n_heads = trace.n_kv_heads = 2;
    trace.n_query = trace.n_key = n;
    trace.causal = causal;
    for (Index layer = 0; layer < 2; ++layer) {
      attn::LayerTrace one;
      one.query = attn::GrowingMatrix(random.matrix(n, 8, 3.0F));
      one.key = attn::GrowingMatrix(random.matrix(n, 8, 3.0F));
      one.value = attn::GrowingMatrix(random.matrix(n, 8));
      one.rule = attn::scaled_by_width(4, causal ? attn::causal_mask() : attn::Mask{});
      trace.layers.push_back(one);
    }
    attn::TextFacts text;
    for (Index t = 0; t < n; ++t) {
      text.ids.push_back(static_cast<std::int32_t>(random.index(0, 20)));
      text.special.push_back(random.index(0, 9) == 0 ? 1 : 0);
    }
    const std::vector<HeadMetrics> found = metrics_of(trace, text);
    for (Index head = 0; head < 4; ++head) {
      const HeadMetrics slow = slow_metrics(attn::head_weights(trace, head / 2, head % 2), text, causal);
      const auto* mine = reinterpret_cast<const double*>(&found[static_cast<std::size_t>(head)]);
      const auto* theirs = reinterpret_cast<const double*>(&slow);
      for (std::size_t i = 0; i < attn::kMetrics; ++i) {
        EXPECT_EQ(std::isnan(mine[i]), std::isnan(theirs[i])) << i;
        if (std::isnan(theirs[i])) continue;
        EXPECT_NEAR(mine[i], theirs[i], 1e-9) << i;
      }
    }
  }
}

/// What is known of the default model's heads, measured with PyTorch on other sentences: the roles, not the last digit.
TEST(Metrics, FindTheDefaultModelsHeads) {
  const attn::Checkpoint golden = test::golden("minilm/animal.safetensors");
  const attn::ForwardTrace trace = attn::forward(test::minilm(), {.ids = test::ids_of(golden)});
  attn::TextFacts text{.ids = test::ids_of(golden), .special = {}};
  text.special.resize(text.ids.size());
  text.special.front() = text.special.back() = 1;
  const auto found = metrics_of(trace, text);
  const auto at = [&](Index layer, Index head) { return found[static_cast<std::size_t>(layer * 12 + head)]; };
  EXPECT_GT(at(0, 2).previous, 0.97);
  EXPECT_GT(at(1, 8).next, 0.4);
  EXPECT_GT(at(0, 0).entropy, 0.8);
  EXPECT_GT(at(2, 9).first, 0.6);
  double sink = 0.0;
  for (Index head = 0; head < 12; ++head) sink += at(4, head).first / 12;
  EXPECT_NEAR(sink, 0.59, 0.04);
}

/// The same of the model that generates, on a random sequence that is repeated: nothing but the repetition is to be
/// seen.
TEST(Metrics, FindTheGeneratingModelsHeads) {
  test::Random random(5);
  attn::TextFacts text;
  for (int i = 0; i < 24; ++i) text.ids.push_back(static_cast<std::int32_t>(random.index(1000, 40000)));
  for (int i = 0; i < 24; ++i) text.ids.push_back(text.ids[static_cast<std::size_t>(i)]);
  text.special.resize(text.ids.size());
  const attn::ForwardTrace trace = attn::forward(test::smollm2(), {.ids = text.ids});
  const auto found = metrics_of(trace, text);
  const auto at = [&](Index layer, Index head) {
    return found[static_cast<std::size_t>(layer * trace.n_heads + head)];
  };
  EXPECT_GT(at(18, 6).induction, 0.7);
  for (const Index head : {3, 4, 5}) EXPECT_GT(at(17, head).induction, 0.5) << head;
  EXPECT_GT(at(16, 0).previous, 0.7);
  EXPECT_GT(at(11, 1).previous, 0.7);
  // An ordinary head does neither.
  EXPECT_LT(at(5, 2).induction, 0.2);
}

}  // namespace
