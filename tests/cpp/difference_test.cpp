// Two runs side by side against sums over every cell; weights against their own softmax in float64.
#include "analysis/difference.h"

#include <gtest/gtest.h>

#include <cmath>

#include "model/transformer.h"
#include "random_runs.h"

namespace {

using attn::ErrorCode;
using attn::Index;
using attn::Matrix;
using attn::Pairs;

std::vector<float> change(const attn::ForwardTrace& left, const attn::ForwardTrace& right, const Pairs& pairs) {
  std::vector<float> result;
  attn::change_of(left, right, pairs, result).finish();
  return result;
}

Pairs same_places(std::int32_t n) {
  Pairs pairs;
  for (std::int32_t i = 0; i < n; ++i) pairs.push_back({i, i});
  return pairs;
}

TEST(Change, OfARunBesideItselfIsNothing) {
  const auto trace = test::random_run(2, 3, 3, 80, true, 1);
  for (const float one : change(trace, trace, same_places(80))) EXPECT_EQ(one, 0.0F);
}

TEST(Change, IsTheTotalVariationOfPairedRows) {
  const auto left = test::random_run(2, 3, 1, 9, false, 1);
  const auto right = test::random_run(2, 3, 1, 7, false, 2);
  const Pairs pairs{{0, 0}, {2, 1}, {3, 2}, {8, 6}};
  const std::vector<float> found = change(left, right, pairs);
  for (Index head = 0; head < 6; ++head) {
    const Matrix a = attn::head_weights(left, head / 3, head % 3);
    const Matrix b = attn::head_weights(right, head / 3, head % 3);
    double sum = 0.0;
    for (const auto& [t, u] : pairs) {
      double apart = 0.0;
      double rest = 0.0;
      for (const auto& [s, v] : pairs) {
        apart += std::abs(double{a(t, s)} - b(u, v));
        rest += double{a(t, s)} - b(u, v);
      }
      // Both rows add up to 1, so what is left of them differs by what the pairs differ by.
      sum += (apart + std::abs(rest)) / 2.0;
    }
    EXPECT_NEAR(found[static_cast<std::size_t>(head)], sum / 4.0, 1e-6);
  }
}

TEST(Change, OfRunsThatLookAtOtherTokensIsOne) {
  const auto one_key = [](Index key) {
    attn::ForwardTrace trace;
    trace.n_heads = trace.n_kv_heads = 1;
    trace.n_query = trace.n_key = 3;
    Matrix weights = Matrix::Zero(3, 3);
    weights.col(key).setOnes();
    trace.layers.emplace_back();
    trace.layers.back().weights = attn::SharedMatrix(weights);
    return trace;
  };
  EXPECT_EQ(change(one_key(0), one_key(2), same_places(3)), std::vector<float>{1.0F});
  EXPECT_EQ(change(one_key(0), one_key(2), {}), std::vector<float>{0.0F});
}

TEST(Change, RefusesOtherHeadsAndTokensThatAreNotThere) {
  const auto trace = test::random_run(2, 3, 3, 4, true, 1);
  test::expect_refusal({ErrorCode::kBadRequest, "same heads"},
                       [&] { change(trace, test::random_run(2, 2, 2, 4, true, 1), {}); });
  test::expect_refusal({ErrorCode::kBadRequest, "not there"}, [&] { change(trace, trace, {{0, 4}}); });
}

TEST(Difference, IsLeftMinusRightOverThePairs) {
  Matrix left(2, 2);
  left << 1, 2, 3, 4;
  Matrix right(3, 3);
  right << 0, 1, 2, 3, 4, 5, 6, 7, 8;
  const Matrix found = attn::difference(left, right, {{0, 0}, {1, 2}});
  Matrix expected(2, 2);
  expected << 1, 0, -3, -4;
  EXPECT_EQ(test::difference(found, expected), 0.0);
  test::expect_refusal({ErrorCode::kBadRequest, "not there"}, [&] { attn::difference(left, right, {{2, 0}}); });
}

TEST(Distance, OfEmbeddingsIsOneMinusTheirCosine) {
  attn::Vector a(2);
  a << 3, 4;
  attn::Vector b(2);
  b << 4, -3;
  EXPECT_NEAR(attn::cosine_distance(a, a), 0.0, 1e-12);
  EXPECT_NEAR(attn::cosine_distance(a, b), 1.0, 1e-12);
  EXPECT_NEAR(attn::cosine_distance(a, attn::Vector(-2.0F * a)), 2.0, 1e-12);
  EXPECT_EQ(attn::cosine_distance(a, attn::Vector(attn::Vector::Zero(2))), 0.0);
  EXPECT_THROW(attn::cosine_distance(a, attn::Vector(3)), attn::ShapeError);
}

/// A run of one token that has these rows in the stream.
attn::ForwardTrace stream(const std::vector<std::vector<float>>& rows) {
  attn::ForwardTrace trace;
  trace.n_query = trace.n_key = 1;
  trace.layers.resize(rows.size() - 1);
  for (const std::vector<float>& row : rows) {
    trace.hidden.emplace_back(Eigen::Map<const Matrix>(row.data(), 1, static_cast<Index>(row.size())));
  }
  return trace;
}

TEST(Similarity, IsTheCosineAtEveryDepth) {
  const auto left = stream({{3, 4}, {1, 0}, {1, 0}, {0, 0}});
  const auto right = stream({{6, 8}, {0, 2}, {-5, 0}, {1, 1}});
  const std::vector<float> found = attn::similarity(left, 0, right, 0);
  ASSERT_EQ(found.size(), 4U);
  EXPECT_NEAR(found[0], 1.0F, 1e-6);
  EXPECT_EQ(found[1], 0.0F);
  EXPECT_NEAR(found[2], -1.0F, 1e-6);
  EXPECT_EQ(found[3], 0.0F) << "what has no length is like nothing";
}

TEST(Similarity, IsTakenOfTheTokensThatAreAskedFor) {
  const auto model = test::minilm();
  const auto left = attn::forward(model, {.ids = {101, 2003, 2009, 102}});
  const auto right = attn::forward(model, {.ids = {101, 2009, 102}});
  const std::vector<float> found = attn::similarity(left, 2, right, 1);
  ASSERT_EQ(static_cast<Index>(found.size()), model->config.n_layers + 1);
  for (std::size_t layer = 0; layer < found.size(); ++layer) {
    const Eigen::VectorXd x = left.hidden[layer].view().row(2).cast<double>();
    const Eigen::VectorXd y = right.hidden[layer].view().row(1).cast<double>();
    EXPECT_NEAR(found[layer], x.dot(y) / (x.norm() * y.norm()), 1e-6);
  }
  for (const float itself : attn::similarity(left, 2, left, 2)) EXPECT_NEAR(itself, 1.0F, 1e-6);
}

TEST(Similarity, IsRefusedWhereThereIsNothingToCompare) {
  const auto one = stream({{1, 2}, {3, 4}});
  test::expect_refusal({ErrorCode::kUnsupported, "no hidden states"},
                       [&] { attn::similarity(one, 0, test::random_run(1, 2, 2, 4, true, 1), 0); });
  test::expect_refusal({ErrorCode::kBadRequest, "no token 1"}, [&] { attn::similarity(one, 1, one, 0); });
  test::expect_refusal({ErrorCode::kBadRequest, "no token -1"}, [&] { attn::similarity(one, 0, one, -1); });
  test::expect_refusal({ErrorCode::kBadRequest, "as many layers"},
                       [&] { attn::similarity(one, 0, stream({{1, 2}, {3, 4}, {5, 6}}), 0); });
  EXPECT_THROW(attn::similarity(one, 0, stream({{1, 2, 3}, {4, 5, 6}}), 0), attn::ShapeError);
}

TEST(Distance, OfPredictionsIsTheirTotalVariation) {
  attn::Vector sure(3);
  sure << 100, 0, 0;
  attn::Vector other(3);
  other << 0, 100, 0;
  attn::Vector even(3);
  even << 1, 1, 1;
  EXPECT_NEAR(attn::prediction_distance(sure, other), 1.0, 1e-12);
  EXPECT_NEAR(attn::prediction_distance(sure, even), 2.0 / 3.0, 1e-9);
  EXPECT_EQ(attn::prediction_distance(even, even), 0.0);
}

TEST(Embedding, EqualsTheGolden) {
  const attn::Checkpoint golden = test::golden("minilm/animal.safetensors");
  const auto trace = attn::forward(test::minilm(), {.ids = test::ids_of(golden)});
  attn::Vector mean = attn::embedding_of(trace);
  mean /= mean.norm();
  EXPECT_LE(test::difference(mean, test::tensor(golden, "embedding").view()), 1e-6);
}

TEST(Verify, FindsTheWeightsWithinRoundingOfFloat64) {
  const attn::Checkpoint golden = test::golden("minilm/animal.safetensors");
  const auto trace = attn::forward(test::minilm(), {.ids = test::ids_of(golden)});
  attn::Verification found;
  attn::verify(trace, found).finish();
  const auto n = static_cast<double>(trace.n_query);
  EXPECT_EQ(found.compared, 72.0 * n * n);
  EXPECT_GT(found.largest, 0.0);
  EXPECT_LT(found.largest, 2e-6);
}

TEST(Verify, SeesAWrongWeight) {
  auto trace = test::random_run(1, 2, 2, 20, true, 1);
  Matrix wrong(40, 20);
  for (Index head = 0; head < 2; ++head) wrong.middleRows(head * 20, 20) = attn::head_weights(trace, 0, head);
  wrong(25, 3) += 0.01F;
  trace.layers[0].weights = attn::SharedMatrix(wrong);
  attn::Verification found;
  attn::verify(trace, found).finish();
  EXPECT_NEAR(found.largest, 0.01, 1e-6);
}

TEST(Verify, CountsWhatAReaderSetByHandAsNothing) {
  auto trace = test::random_run(1, 2, 2, 6, true, 1);
  trace.layers[0].changes = {{.kind = attn::InterventionKind::kHeadUniform, .head = 1},
                             {.kind = attn::InterventionKind::kTemperature, .head = 0, .temperature = 0.3F}};
  attn::Verification found;
  attn::verify(trace, found).finish();
  EXPECT_EQ(found.compared, 36.0);
  EXPECT_LT(found.largest, 1e-5);
}

}  // namespace
