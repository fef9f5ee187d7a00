// Interventions: each kind against PyTorch, by itself and in company; what is refused; what a beginning is worth.
#include "model/intervention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "golden.h"
#include "model/transformer.h"
#include "reference.h"
#include "tiny_models.h"

namespace {

using attn::ErrorCode;
using attn::ForwardTrace;
using attn::Index;
using attn::Intervention;
using attn::InterventionKind;
using attn::Interventions;
using attn::Matrix;
using test::difference;

constexpr double kWeights = 2e-5;
constexpr double kHidden = 5e-5;
const Interventions kBag{{.kind = InterventionKind::kPositionsOff}};

Interventions interventions_in(const nlohmann::json& list) {
  Interventions interventions;
  for (const auto& one : list) {
    Intervention intervention;
    intervention.kind = attn::intervention_kind(one.at("kind").get<std::string>());
    if (one.contains("layer")) intervention.layer = one["layer"].get<Index>();
    intervention.head = one.value("head", Index{0});
    intervention.query = one.value("query", Index{0});
    intervention.key = one.value("key", Index{0});
    intervention.temperature = one.value("temperature", 1.0F);
    intervention.weight = one.value("weight", 0.0F);
    intervention.renormalise = one.value("renormalise", true);
    interventions.push_back(intervention);
  }
  return interventions;
}

nlohmann::json cases() {
  return nlohmann::json::parse(
      test::read_text(std::filesystem::path(HEADLIGHT_GOLDEN) / "interventions.json"))["interventions"];
}

Matrix head_rows(const attn::SharedMatrix& stacked, Index head, Index n) {
  return stacked.view().middleRows(head * n, n);
}

ForwardTrace run(const std::shared_ptr<const attn::Model>& model, const std::vector<std::int32_t>& ids,
                 const Interventions& interventions) {
  return attn::forward(model, {.ids = ids}, interventions);
}

double largest_change(const ForwardTrace& left, const ForwardTrace& right) {
  return difference(left.hidden.back().view(), right.hidden.back().view());
}

TEST(Interventions, EqualPyTorchs) {
  int n_cases = 0;
  for (const auto& each : cases()) {
    const std::string name = each["name"];
    SCOPED_TRACE(name);
    const attn::Checkpoint golden = test::golden("interventions/" + name + ".safetensors");
    const ForwardTrace trace = run(test::minilm(), test::ids_of(golden), interventions_in(each["interventions"]));
    for (Index layer = 0; layer < trace.n_layers(); ++layer) {
      const auto expected = test::tensor(golden, "layers." + std::to_string(layer) + ".weights");
      for (Index head = 0; head < trace.n_heads; ++head) {
        EXPECT_LE(difference(attn::head_weights(trace, layer, head), head_rows(expected, head, trace.n_query)),
                  kWeights)
            << layer << "." << head;
      }
    }
    for (Index layer = 0; layer <= trace.n_layers(); ++layer) {
      const auto expected = test::tensor(golden, "hidden." + std::to_string(layer));
      EXPECT_LE(difference(trace.hidden[static_cast<std::size_t>(layer)].view(), expected.view()), kHidden) << layer;
    }
    // A case that changes nothing would prove nothing.
    EXPECT_GT(largest_change(trace, run(test::minilm(), test::ids_of(golden), {})), 1e-4);
    ++n_cases;
  }
  EXPECT_EQ(n_cases, 11);
}

class InterventionsOnCausal : public testing::Test {
 protected:
  std::shared_ptr<const attn::Model> model = test::make_shared(test::tiny_model("llama"));
  std::vector<std::int32_t> ids{5, 9, 5, 7, 3, 9, 4, 8};

  ForwardTrace with(const Interventions& interventions) const { return run(model, ids, interventions); }
};

TEST_F(InterventionsOnCausal, WithoutALayerAreInEveryLayer) {
  const Intervention everywhere{.kind = InterventionKind::kHeadUniform, .head = 1};
  const ForwardTrace trace = with({everywhere});
  for (Index layer = 0; layer < trace.n_layers(); ++layer) {
    const Matrix weights = attn::head_weights(trace, layer, 1);
    for (Index t = 0; t < trace.n_query; ++t) {
      for (Index s = 0; s < trace.n_key; ++s) {
        EXPECT_FLOAT_EQ(weights(t, s), s <= t ? 1.0F / static_cast<float>(t + 1) : 0.0F);
      }
    }
  }
}

TEST_F(InterventionsOnCausal, ABlockedFirstKeyLeavesItsOwnRowWithoutAnyKey) {
  const ForwardTrace trace = with({{.kind = InterventionKind::kBlockKey, .key = 0}});
  const Matrix weights = attn::head_weights(trace, 0, 0);
  EXPECT_EQ(weights.row(0).cwiseAbs().sum(), 0.0F);
  EXPECT_EQ(weights.col(0).cwiseAbs().sum(), 0.0F);
  EXPECT_NEAR(weights.row(5).sum(), 1.0F, 1e-6);
  EXPECT_TRUE(attn::cell_trace(trace, 0, 0, 3, 0).masked);
}

TEST_F(InterventionsOnCausal, AnEditedRowAddsUpToOneUnlessDeclined) {
  Intervention edit{
      .kind = InterventionKind::kEditWeight, .layer = 1, .head = 2, .query = 5, .key = 3, .weight = 0.25F};
  const Matrix before = attn::head_weights(with({}), 1, 2);
  const Matrix after = attn::head_weights(with({edit}), 1, 2);
  EXPECT_EQ(after(5, 3), 0.25F);
  EXPECT_NEAR(after.row(5).sum(), 1.0F, 1e-6);
  EXPECT_NEAR(after(5, 1) / after(5, 2), before(5, 1) / before(5, 2), 1e-4);
  edit.renormalise = false;
  const Matrix raw = attn::head_weights(with({edit}), 1, 2);
  EXPECT_EQ(raw(5, 3), 0.25F);
  EXPECT_FLOAT_EQ(raw(5, 1), before(5, 1));
  EXPECT_EQ(difference(raw.row(4), before.row(4)), 0.0);
}

TEST_F(InterventionsOnCausal, WhatIsLeftOfARowThatWasAllOneWeightIsSpreadEvenly) {
  const Interventions all_then_less{
      {.kind = InterventionKind::kEditWeight, .layer = 0, .head = 0, .query = 4, .key = 2, .weight = 1.0F},
      {.kind = InterventionKind::kEditWeight, .layer = 0, .head = 0, .query = 4, .key = 2, .weight = 0.6F}};
  const Matrix weights = attn::head_weights(with(all_then_less), 0, 0);
  EXPECT_EQ(weights(4, 2), 0.6F);
  for (const Index key : {0, 1, 3, 4}) EXPECT_FLOAT_EQ(weights(4, key), 0.1F);
  EXPECT_EQ(weights(4, 5), 0.0F);
}

TEST_F(InterventionsOnCausal, TheCalculationStillExplainsTheScore) {
  const ForwardTrace trace =
      with({{.kind = InterventionKind::kTemperature, .layer = 1, .head = 0, .temperature = 0.5F}});
  const attn::CellTrace cell = attn::cell_trace(trace, 1, 0, 4, 1);
  EXPECT_EQ(cell.temperature, 0.5);
  EXPECT_NEAR(cell.score, cell.dot * cell.scale + cell.bias, 1e-5);
  EXPECT_NEAR(cell.weight, std::exp(cell.score - cell.row_max) / cell.row_sum, 1e-6);
  EXPECT_EQ(attn::cell_trace(trace, 0, 0, 4, 1).temperature, 1.0);
}

TEST_F(InterventionsOnCausal, ASkippedLayerHandsItsInputOnAndStillAttends) {
  const ForwardTrace trace = with({{.kind = InterventionKind::kLayerOff, .layer = 0}});
  EXPECT_EQ(difference(trace.hidden[0].view(), trace.hidden[1].view()), 0.0);
  EXPECT_NEAR(attn::head_weights(trace, 0, 0).row(3).sum(), 1.0F, 1e-6);
}

TEST_F(InterventionsOnCausal, ABeginningUnderTheSameChangesIsTakenUp) {
  const Interventions changes{{.kind = InterventionKind::kHeadOff, .layer = 0, .head = 1},
                              {.kind = InterventionKind::kBlockKey, .key = 1},
                              {.kind = InterventionKind::kTemperature, .head = 2, .temperature = 2.0F}};
  const ForwardTrace whole = with(changes);
  const ForwardTrace first = run(model, {ids.begin(), ids.begin() + 5}, changes);
  ForwardTrace longer;
  attn::forward(model, {.ids = ids}, longer, attn::beginning_of(first, 5), changes).finish();
  EXPECT_EQ(difference(longer.hidden.back().view().topRows(5), first.hidden.back().view()), 0.0);
  EXPECT_LE(difference(longer.hidden.back().view(), whole.hidden.back().view()), kHidden);
}

TEST_F(InterventionsOnCausal, ABeginningUnderOtherChangesIsRefused) {
  const ForwardTrace first = run(model, {ids.begin(), ids.begin() + 5}, {});
  ForwardTrace trace;
  const Interventions off{{.kind = InterventionKind::kHeadOff, .layer = 0, .head = 1}};
  const Interventions mean{{.kind = InterventionKind::kHeadMean, .layer = 0, .head = 1}};
  const test::Refusal refusal{ErrorCode::kBadRequest, "no beginning"};
  test::expect_refusal(refusal, [&] { attn::forward(model, {.ids = ids}, trace, attn::beginning_of(first, 5), off); });
  // A mean is over the whole text: even the same list is no help.
  const ForwardTrace same = run(model, {ids.begin(), ids.begin() + 5}, mean);
  test::expect_refusal(refusal, [&] { attn::forward(model, {.ids = ids}, trace, attn::beginning_of(same, 5), mean); });
}

TEST_F(InterventionsOnCausal, ABeginningKnowsWhetherItHadPositions) {
  const ForwardTrace own = run(model, {ids.begin(), ids.begin() + 5}, {});
  const ForwardTrace without = run(model, {ids.begin(), ids.begin() + 5}, kBag);
  ForwardTrace trace;
  const test::Refusal refusal{ErrorCode::kBadRequest, "no beginning"};
  test::expect_refusal(refusal, [&] { attn::forward(model, {.ids = ids}, trace, attn::beginning_of(own, 5), kBag); });
  test::expect_refusal(refusal, [&] { attn::forward(model, {.ids = ids}, trace, attn::beginning_of(without, 5), {}); });
  attn::forward(model, {.ids = ids}, trace, attn::beginning_of(without, 5), kBag).finish();
  EXPECT_LE(difference(trace.hidden.back().view(), with(kBag).hidden.back().view()), kHidden);
}

TEST_F(InterventionsOnCausal, AreRefusedByName) {
  const auto refused = [&](const Intervention& one, const char* what) {
    test::expect_refusal({ErrorCode::kBadRequest, what}, [&] { with({one}); });
  };
  refused({.kind = InterventionKind::kHeadOff, .layer = 99, .head = 0}, "layer 99");
  refused({.kind = InterventionKind::kHeadOff, .layer = -1, .head = 0}, "layer -1");
  refused({.kind = InterventionKind::kHeadOff, .head = 99}, "head 99");
  refused({.kind = InterventionKind::kBlockKey, .key = 8}, "key 8");
  refused({.kind = InterventionKind::kTemperature, .temperature = 0.0F}, "above 0");
  refused({.kind = InterventionKind::kTemperature, .temperature = std::numeric_limits<float>::quiet_NaN()}, "above 0");
  refused({.kind = InterventionKind::kPositionsOff, .layer = 0}, "whole model");
  refused({.kind = InterventionKind::kEditWeight, .query = 8, .key = 0}, "query 8");
  refused({.kind = InterventionKind::kEditWeight, .query = 3, .key = 1, .weight = 1.5F}, "share of a row");
  refused({.kind = InterventionKind::kEditWeight, .query = 3, .key = 5, .weight = 0.5F}, "cannot see key 5");
  test::expect_refusal({ErrorCode::kBadRequest, "cannot see key 1"}, [&] {
    with({{.kind = InterventionKind::kEditWeight, .query = 3, .key = 1, .weight = 0.5F},
          {.kind = InterventionKind::kBlockKey, .key = 1}});
  });
  test::expect_refusal({ErrorCode::kBadRequest, "no intervention", "head-off"},
                       [] { attn::intervention_kind("head-on"); });
}

class PositionsOffInEncoders : public testing::TestWithParam<const char*> {};

/// By how much weights and hidden states of the shuffled text differ from the shuffled ones of the text.
double shuffling_error(const std::shared_ptr<const attn::Model>& model, const Interventions& interventions) {
  const std::vector<std::int32_t> ids{2, 9, 5, 7, 30, 9, 4, 8, 3};
  const std::vector<Index> order{0, 6, 2, 7, 1, 3, 5, 4, 8};
  std::vector<std::int32_t> shuffled;
  for (const Index from : order) shuffled.push_back(ids[static_cast<std::size_t>(from)]);
  const ForwardTrace text = run(model, ids, interventions);
  const ForwardTrace other = run(model, shuffled, interventions);
  double largest = 0.0;
  for (Index layer = 0; layer < text.n_layers(); ++layer) {
    for (Index head = 0; head < text.n_heads; ++head) {
      const Matrix weights = attn::head_weights(text, layer, head);
      largest = std::max(largest, difference(attn::head_weights(other, layer, head), Matrix(weights(order, order))));
    }
  }
  for (std::size_t layer = 0; layer < text.hidden.size(); ++layer) {
    const Matrix hidden = text.hidden[layer].view();
    largest = std::max(largest, difference(other.hidden[layer].view(), Matrix(hidden(order, Eigen::all))));
  }
  return largest;
}

TEST_P(PositionsOffInEncoders, AShuffledTextIsTheSameTextShuffled) {
  const auto model = test::make_shared(test::tiny_model(GetParam()));
  EXPECT_LE(shuffling_error(model, kBag), 1e-5);
  EXPECT_GT(shuffling_error(model, {}), 0.05);
}

INSTANTIATE_TEST_SUITE_P(Families, PositionsOffInEncoders, testing::Values("bert", "roberta", "distilbert"),
                         [](const auto& family) { return std::string(family.param); });

class PositionsOffInDecoders : public testing::TestWithParam<const char*> {};

/// In the first layer nothing but positions tells equal tokens apart.
TEST_P(PositionsOffInDecoders, EqualTokensGetEqualWeightsAtAnyDistance) {
  const auto model = test::make_shared(test::tiny_model(GetParam()));
  const std::vector<std::int32_t> ids{7, 5, 9, 5, 3, 5, 5, 8};
  const ForwardTrace own = run(model, ids, {});
  const ForwardTrace bag = run(model, ids, kBag);
  double largest = 0.0;
  for (Index head = 0; head < bag.n_heads; ++head) {
    const Matrix weights = attn::head_weights(bag, 0, head);
    const Matrix before = attn::head_weights(own, 0, head);
    // Within a window of every family; masks are what they were.
    for (const Index key : {3, 5}) {
      EXPECT_GT(weights(7, key), 0.0F);
      EXPECT_NEAR(weights(7, key), weights(7, 6), 1e-6);
      largest = std::max(largest, std::abs(double{before(7, key)} - before(7, 6)));
    }
    EXPECT_TRUE((weights.array() == 0.0F).cwiseEqual(before.array() == 0.0F).all());
  }
  EXPECT_GT(largest, 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Families, PositionsOffInDecoders,
                         testing::Values("gpt2", "llama", "llama3", "qwen2", "qwen3", "mistral"),
                         [](const auto& family) { return std::string(family.param); });

TEST(Interventions, AWindowHidesAKeyFromEditsToo) {
  const auto model = test::make_shared(test::tiny_model("mistral"));
  const Index window = model->parameters.layers[0].window;
  ASSERT_GT(window, 0);
  std::vector<std::int32_t> ids(static_cast<std::size_t>(window + 2), 5);
  test::expect_refusal({ErrorCode::kBadRequest, "cannot see key 0"}, [&] {
    run(model, ids,
        {{.kind = InterventionKind::kEditWeight, .head = 0, .query = window + 1, .key = 0, .weight = 0.5F}});
  });
}

}  // namespace
