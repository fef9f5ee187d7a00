// One head of attention against a slow reference, and the properties that any attention must have.
#include "attn/attention.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "golden.h"
#include "reference.h"

namespace {

using attn::ErrorCode;
using attn::HeadTrace;
using attn::Index;
using attn::Mask;
using attn::Matrix;
using test::difference;

struct Shape {
  Index n_query;
  Index n_key;
  Index d_head;
  Index d_value;
};

/// What every result must fulfil, whatever went in.
void expect_distributions(const HeadTrace& trace) {
  for (Index t = 0; t < trace.weights.rows(); ++t) {
    const double sum = trace.weights.row(t).cast<double>().sum();
    const bool sees_nothing = (trace.scores.row(t).array() == attn::kMasked).all();
    EXPECT_NEAR(sum, sees_nothing ? 0.0 : 1.0, 1e-6) << "row " << t;
    for (Index s = 0; s < trace.weights.cols(); ++s) {
      EXPECT_GE(trace.weights(t, s), 0.0F);
      if (trace.scores(t, s) == attn::kMasked) {
        EXPECT_EQ(trace.weights(t, s), 0.0F) << t << ", " << s;
      }
    }
  }
}

std::vector<Shape> shapes() {
  std::vector<Shape> result = {{1, 1, 1, 1}, {1, 1, 32, 7},  {1, 20, 4, 4},    {20, 1, 4, 9}, {7, 7, 1, 5},
                               {7, 7, 5, 1}, {16, 16, 8, 3}, {65, 65, 32, 32}, {3, 100, 5, 6}};
  test::Random random(101);
  for (int i = 0; i < 100; ++i) {
    result.push_back({random.index(1, 24), random.index(1, 24), random.index(1, 20), random.index(1, 20)});
  }
  return result;
}

TEST(ScaledDotProductAttention, AgreesWithASlowReferenceOnManyShapes) {
  test::Random random(102);
  for (const auto& [n_query, n_key, d_head, d_value] : shapes()) {
    SCOPED_TRACE(testing::Message() << n_query << " queries, " << n_key << " keys, d_head " << d_head << ", d_value "
                                    << d_value);
    const Matrix query = random.matrix(n_query, d_head, 2.0F);
    const Matrix key = random.matrix(n_key, d_head, 2.0F);
    const Matrix value = random.matrix(n_key, d_value, 2.0F);
    Mask mask;
    mask.causal = n_query <= n_key && random.index(0, 1) == 1;
    if (random.index(0, 1) == 1) {
      for (Index s = 0; s < n_key; ++s) mask.padding.push_back(random.index(0, 3) == 0 ? 1 : 0);
    }
    attn::ScoreRule rule = attn::scaled_by_width(d_head, mask);
    if (random.index(0, 1) == 1) rule.bias = random.matrix(n_query, n_key);

    const HeadTrace found = attn::scaled_dot_product_attention(query, key, value, rule);
    const auto expected = test::slow_attention(
        query.cast<double>(), key.cast<double>(), value.cast<double>(), rule.bias.cast<double>(),
        [&](Index t, Index s) {
          return !(mask.causal && s > t) && (mask.padding.empty() || mask.padding[static_cast<std::size_t>(s)] == 0);
        });
    for (Index t = 0; t < n_query; ++t) {
      for (Index s = 0; s < n_key; ++s) {
        if (std::isinf(expected.scores(t, s))) {
          EXPECT_EQ(found.scores(t, s), attn::kMasked);
        } else {
          EXPECT_NEAR(found.scores(t, s), expected.scores(t, s), 1e-5);
        }
      }
    }
    EXPECT_LE(difference(found.weights, expected.weights), 2e-6);
    EXPECT_LE(difference(found.output, expected.output), 1e-5);
    expect_distributions(found);
  }
}

TEST(ScaledDotProductAttention, PermutingKeysPermutesWeights) {
  test::Random random(103);
  for (const Index n : {1, 2, 9, 33}) {
    const Matrix query = random.matrix(n, 6, 2.0F);
    const Matrix key = random.matrix(n, 6, 2.0F);
    const Matrix value = random.matrix(n, 5);
    std::vector<Index> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    for (Index i = n - 1; i > 0; --i) {
      std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(random.index(0, i))]);
    }
    const Matrix moved_key = key(order, Eigen::all);
    const Matrix moved_value = value(order, Eigen::all);
    const HeadTrace before = attn::scaled_dot_product_attention(query, key, value, attn::scaled_by_width(6));
    const HeadTrace after = attn::scaled_dot_product_attention(query, moved_key, moved_value, attn::scaled_by_width(6));
    const Matrix expected = before.weights(Eigen::all, order);
    EXPECT_LE(difference(after.weights, expected), 1e-6);
    EXPECT_LE(difference(after.output, before.output), 1e-6);
  }
}

TEST(ScaledDotProductAttention, CausalMaskHidesTheFutureAndNothingElse) {
  test::Random random(104);
  const Index n = 20;
  const Matrix query = random.matrix(n, 8);
  const Matrix key = random.matrix(n, 8);
  const Matrix value = random.matrix(n, 8);
  const attn::ScoreRule rule = attn::scaled_by_width(8, attn::causal_mask());
  const HeadTrace before = attn::scaled_dot_product_attention(query, key, value, rule);
  for (Index t = 0; t < n; ++t) {
    for (Index s = 0; s < n; ++s) EXPECT_EQ(before.weights(t, s) > 0.0F, s <= t) << t << ", " << s;
  }
  for (const Index present : {0, 7, 18}) {
    Matrix other_key = key;
    Matrix other_value = value;
    other_key.bottomRows(n - present - 1) = random.matrix(n - present - 1, 8, 50.0F);
    other_value.bottomRows(n - present - 1) = random.matrix(n - present - 1, 8, 50.0F);
    const HeadTrace after = attn::scaled_dot_product_attention(query, other_key, other_value, rule);
    EXPECT_EQ(difference(after.weights.topRows(present + 1), before.weights.topRows(present + 1)), 0.0);
    EXPECT_EQ(difference(after.output.topRows(present + 1), before.output.topRows(present + 1)), 0.0);
    EXPECT_GT(difference(after.output.bottomRows(1), before.output.bottomRows(1)), 0.0);
  }
}

TEST(ScaledDotProductAttention, PaddingIsAsIfItWereNotThere) {
  test::Random random(105);
  const Matrix query = random.matrix(6, 4);
  const Matrix key = random.matrix(10, 4, 3.0F);
  const Matrix value = random.matrix(10, 3, 3.0F);
  const HeadTrace padded = attn::scaled_dot_product_attention(
      query, key, value, attn::scaled_by_width(4, attn::padding_mask({0, 0, 0, 0, 0, 0, 0, 1, 1, 1})));
  const HeadTrace shorter =
      attn::scaled_dot_product_attention(query, key.topRows(7), value.topRows(7), attn::scaled_by_width(4));
  EXPECT_LE(difference(padded.weights.leftCols(7), shorter.weights), 1e-6);
  EXPECT_LE(difference(padded.output, shorter.output), 1e-6);
  EXPECT_TRUE(padded.weights.rightCols(3).isZero(0.0F));
}

TEST(ScaledDotProductAttention, ARowWithNoVisibleKeyIsAllZeros) {
  test::Random random(106);
  const Matrix rows = random.matrix(4, 3);
  const Mask mask = attn::combine(attn::causal_mask(), attn::padding_mask({1, 1, 0, 0}));
  const HeadTrace trace = attn::scaled_dot_product_attention(rows, rows, rows, attn::scaled_by_width(3, mask));
  EXPECT_TRUE(trace.weights.topRows(2).isZero(0.0F));
  EXPECT_TRUE(trace.output.topRows(2).isZero(0.0F));
  EXPECT_EQ(trace.weights(2, 2), 1.0F);
  expect_distributions(trace);
}

TEST(ScaledDotProductAttention, SurvivesScoresOfAMillion) {
  Matrix query(2, 1);
  query << 1000.0F, -1000.0F;
  Matrix key(3, 1);
  key << 1000.0F, -1000.0F, 999.0F;
  const Matrix value = Matrix::Identity(3, 3);
  const HeadTrace trace = attn::scaled_dot_product_attention(query, key, value, attn::scaled_by_width(1));
  EXPECT_EQ(trace.scores(0, 0), 1e6F);
  EXPECT_EQ(trace.scores(0, 1), -1e6F);
  EXPECT_EQ(trace.weights(0, 0), 1.0F);
  EXPECT_EQ(trace.weights(1, 1), 1.0F);
  EXPECT_TRUE(trace.output.allFinite());
  expect_distributions(trace);
}

TEST(ScaledDotProductAttention, SomeRowsAreTheSameAsInTheWhole) {
  test::Random random(107);
  const Index n = 30;
  const Matrix query = random.matrix(n, 6);
  const Matrix key = random.matrix(n, 6);
  const Matrix value = random.matrix(n, 4);
  attn::ScoreRule rule = attn::scaled_by_width(6, attn::causal_mask());
  rule.bias = random.matrix(n, n);
  const HeadTrace whole = attn::scaled_dot_product_attention(query, key, value, rule);
  for (const Index first : {0, 5, 29}) {
    const Index rows = std::min<Index>(8, n - first);
    const HeadTrace part = attn::scaled_dot_product_attention(query.middleRows(first, rows), key, value, rule, first);
    EXPECT_LE(difference(part.weights, whole.weights.middleRows(first, rows)), 1e-6);
    EXPECT_LE(difference(part.output, whole.output.middleRows(first, rows)), 1e-6);
  }
}

TEST(ScaledDotProductAttention, LeavesNotANumberToBeSeen) {
  test::Random random(108);
  Matrix query = random.matrix(3, 9);
  const Matrix key = random.matrix(9, 9);
  query(1, 4) = std::numeric_limits<float>::quiet_NaN();
  const HeadTrace trace = attn::scaled_dot_product_attention(query, key, key, attn::scaled_by_width(9));
  EXPECT_TRUE(trace.weights.row(1).array().isNaN().all());
  EXPECT_TRUE(trace.weights.row(0).allFinite());
  EXPECT_TRUE(trace.weights.row(2).allFinite());
}

TEST(ScaledByWidth, IsOneOverTheRootOfTheWidth) {
  EXPECT_EQ(attn::scaled_by_width(64).scale, 0.125F);
  EXPECT_EQ(attn::scaled_by_width(1).scale, 1.0F);
  EXPECT_EQ(attn::scaled_by_width(1).bias.size(), 0);
  EXPECT_TRUE(attn::scaled_by_width(4, attn::causal_mask()).mask.causal);
}

TEST(ScaledDotProductAttention, RefusesEveryMisfitByItsShapes) {
  struct Misfit {
    const char* what;
    Matrix query, key, value, bias;
    test::Refusal refusal;
  };
  const auto m = [](Index rows, Index cols) { return Matrix::Ones(rows, cols).eval(); };
  using enum ErrorCode;
  const Misfit misfits[] = {
      {"widths", m(2, 3), m(4, 5), m(4, 5), {}, {kBadRequest, "d_head", "d_head", R"(\[2, 3\] and \[4, 5\])"}},
      {"lengths", m(2, 3), m(4, 3), m(5, 3), {}, {kBadRequest, "for every key", "", R"(\[4, 3\] and \[5, 3\])"}},
      {"no query", m(0, 3), m(4, 3), m(4, 3), {}, {kBadRequest, "not be empty", "", R"(\[0, 3\] and \[4, 3\])"}},
      {"no key", m(2, 3), m(0, 3), m(0, 3), {}, {kBadRequest, "not be empty", "", R"(\[2, 3\] and \[0, 3\])"}},
      {"no width", m(2, 0), m(4, 0), m(4, 3), {}, {kBadRequest, "not be empty", "", R"(\[2, 0\] and \[4, 0\])"}},
      {"no value", m(2, 3), m(4, 3), m(4, 0), {}, {kBadRequest, "for every key", "", R"(\[4, 3\] and \[4, 0\])"}},
      {"bias rows", m(2, 3), m(4, 3), m(4, 3), m(1, 4), {kBadRequest, "bias", "", R"(\[1, 4\])"}},
      {"bias cols", m(2, 3), m(4, 3), m(4, 3), m(2, 3), {kBadRequest, "bias", "", R"(\[2, 3\])"}},
  };
  for (const Misfit& misfit : misfits) {
    SCOPED_TRACE(misfit.what);
    attn::ScoreRule rule = attn::scaled_by_width(3);
    rule.bias = misfit.bias;
    const auto run = [&] { attn::scaled_dot_product_attention(misfit.query, misfit.key, misfit.value, rule); };
    test::expect_refusal(misfit.refusal, run);
    EXPECT_THROW(run(), attn::ShapeError);
  }
}

TEST(ScaledDotProductAttention, RefusesACausalQueryBeyondTheKeys) {
  const Matrix rows = Matrix::Ones(3, 2);
  const attn::ScoreRule rule = attn::scaled_by_width(2, attn::causal_mask());
  test::expect_refusal({ErrorCode::kBadRequest, "causal", "4 keys", "^3$"},
                       [&] { attn::scaled_dot_product_attention(rows, rows, rows, rule, 1); });
  test::expect_refusal({ErrorCode::kBadRequest, "padding", "^3$", "^2$"}, [&] {
    attn::scaled_dot_product_attention(rows, rows, rows, attn::scaled_by_width(2, attn::padding_mask({0, 1})));
  });
}

}  // namespace
