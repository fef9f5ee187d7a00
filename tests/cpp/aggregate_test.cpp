// Many heads as one: mean, max and rollout against the same sums in float64.
#include "analysis/aggregate.h"

#include <gtest/gtest.h>

#include "random_runs.h"

namespace {

using attn::Aggregate;
using attn::Index;
using attn::Matrix;
using Exact = Eigen::MatrixXd;

Matrix aggregate(const attn::ForwardTrace& trace, Aggregate kind, Index layer) {
  Matrix result;
  attn::aggregate_of(trace, kind, layer, result).finish();
  return result;
}

Exact mean_of(const attn::ForwardTrace& trace, Index layer) {
  Exact mean = Exact::Zero(trace.n_query, trace.n_key);
  for (Index head = 0; head < trace.n_heads; ++head) mean += attn::head_weights(trace, layer, head).cast<double>();
  return mean / static_cast<double>(trace.n_heads);
}

TEST(Aggregates, OfALayerAreTheMeanAndTheMaximumOfItsHeads) {
  // More rows than a block has.
  const auto trace = test::random_run(2, 3, 3, 100, true, 1);
  Matrix largest = Matrix::Zero(100, 100);
  for (Index head = 0; head < 3; ++head) largest = largest.cwiseMax(attn::head_weights(trace, 1, head));
  EXPECT_LE(test::difference(aggregate(trace, Aggregate::kMean, 1), mean_of(trace, 1).cast<float>()), 1e-7);
  EXPECT_EQ(test::difference(aggregate(trace, Aggregate::kMax, 1), largest), 0.0);
}

TEST(Aggregates, RolloutMultipliesLayersFromTheFirstUp) {
  for (const bool causal : {false, true}) {
    const Index n = 90;
    const auto trace = test::random_run(4, 2, 1, n, causal, 2);
    Exact rollout = Exact::Identity(n, n);
    for (Index layer = 0; layer < 4; ++layer) {
      rollout = (mean_of(trace, layer) + Exact::Identity(n, n)) / 2.0 * rollout;
      const Matrix found = aggregate(trace, Aggregate::kRollout, layer);
      EXPECT_LE(test::difference(found, rollout.cast<float>()), 2e-6) << layer;
      EXPECT_NEAR(found.row(n / 2).sum(), 1.0F, 1e-5);
    }
  }
}

TEST(Aggregates, ARowThatSeesNothingKeepsItselfInARollout) {
  auto trace = test::random_run(2, 2, 2, 5, true, 3);
  for (auto& layer : trace.layers) layer.rule.mask.padding = {1, 0, 0, 0, 0};
  const Matrix rollout = aggregate(trace, Aggregate::kRollout, 1);
  EXPECT_EQ(rollout(0, 0), 1.0F);
  EXPECT_NEAR(rollout.row(3).sum(), 1.0F, 1e-6);
}

TEST(Aggregates, ComeInPiecesAndRefuseWhatIsNotThere) {
  const auto trace = test::random_run(3, 2, 2, 130, false, 4);
  Matrix result;
  attn::Stepper stepper = attn::aggregate_of(trace, Aggregate::kRollout, 2, result);
  int pieces = 0;
  for (double before = -1.0; !stepper.done(); ++pieces) {
    stepper.advance();
    EXPECT_GE(stepper.progress(), before);
    before = stepper.progress();
  }
  EXPECT_GE(pieces, 9);
  EXPECT_EQ(test::difference(result, aggregate(trace, Aggregate::kRollout, 2)), 0.0);
  test::expect_refusal({attn::ErrorCode::kBadRequest, "no layer 3"}, [&] { aggregate(trace, Aggregate::kMean, 3); });
}

}  // namespace
