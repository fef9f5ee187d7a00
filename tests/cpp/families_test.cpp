// Every family against what Hugging Face's transformers computed with the same random weights.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "golden.h"
#include "model/families/family.h"
#include "model/transformer.h"

namespace {

using attn::ForwardTrace;
using attn::Index;
using attn::Matrix;
using test::difference;

constexpr double kWeights = 2e-5;
constexpr double kHidden = 5e-5;
constexpr double kScores = 2e-4;
constexpr double kLogits = 2e-4;

std::filesystem::path folder_of(const std::string& family) {
  return std::filesystem::path(HEADLIGHT_GOLDEN) / "families" / family;
}

std::shared_ptr<const attn::Model> model_of(const std::string& family, const std::string& config) {
  return std::make_shared<const attn::Model>(
      attn::make_model(attn::read_config(test::read_text(folder_of(family) / config)),
                       test::golden("families/" + family + "/model.safetensors")));
}

/// Text `batch` of a reference tensor whose rows belong to that many texts, one after the other.
auto text_of(const attn::SharedMatrix& stacked, Index batch, Index n_batches) {
  const Index rows = stacked.rows() / n_batches;
  return stacked.view().middleRows(batch * rows, rows);
}

void expect_heads(const attn::Checkpoint& golden, const std::string& name, const attn::MatrixView& found, Index n_heads,
                  Index batch, Index n_batches, double tolerance) {
  const attn::SharedMatrix expected = test::tensor(golden, name);
  const auto text = text_of(expected, batch, n_batches);
  for (Index head = 0; head < n_heads; ++head) {
    const Index rows = found.rows();
    EXPECT_LE(difference(attn::head_of(found, head, n_heads), text.middleRows(head * rows, rows)), tolerance)
        << name << ", head " << head;
  }
}

void expect_run(const attn::Model& model, const ForwardTrace& trace, const attn::Checkpoint& golden, Index batch,
                Index n_batches) {
  double worst_weights = 0.0;
  double worst_logits = 0.0;
  for (Index layer = 0; layer < trace.n_layers(); ++layer) {
    const std::string prefix = "layers." + std::to_string(layer) + ".";
    const attn::LayerTrace& parts = trace.layers[static_cast<std::size_t>(layer)];
    expect_heads(golden, prefix + "query", parts.query.view(), trace.n_heads, batch, n_batches, kHidden);
    expect_heads(golden, prefix + "key", parts.key.view(), trace.n_kv_heads, batch, n_batches, kHidden);
    expect_heads(golden, prefix + "value", parts.value.view(), trace.n_kv_heads, batch, n_batches, kHidden);
    const attn::SharedMatrix weights = test::tensor(golden, prefix + "weights");
    const attn::SharedMatrix scores = test::tensor(golden, prefix + "scores");
    const Index n = trace.n_query;
    for (Index head = 0; head < trace.n_heads; ++head) {
      const Matrix found = attn::head_weights(trace, layer, head);
      const Matrix expected = text_of(weights, batch, n_batches).middleRows(head * n, n);
      worst_weights = std::max(worst_weights, difference(found, expected));
      EXPECT_TRUE((found.array() == 0.0F).cwiseEqual(expected.array() == 0.0F).all()) << "masked cells are exactly 0";
      const Matrix found_scores = attn::head_scores(trace, layer, head);
      const Matrix expected_scores = text_of(scores, batch, n_batches).middleRows(head * n, n);
      for (Index i = 0; i < found_scores.size(); ++i) {
        const float want = expected_scores.data()[i];
        if (want == attn::kMasked) {
          ASSERT_EQ(found_scores.data()[i], want);
        } else {
          ASSERT_NEAR(found_scores.data()[i], want, kScores);
        }
      }
    }
  }
  EXPECT_LE(worst_weights, kWeights);
  for (Index layer = 0; layer <= trace.n_layers(); ++layer) {
    const std::string name = "hidden." + std::to_string(layer);
    const Matrix expected = text_of(test::tensor(golden, name), batch, n_batches);
    // The residual stream of these models grows to 40, where a float32's last bit is 4e-6.
    const double tolerance = std::max(kHidden, 4e-6 * static_cast<double>(expected.cwiseAbs().maxCoeff()));
    EXPECT_LE(difference(trace.hidden[static_cast<std::size_t>(layer)].view(), expected), tolerance) << name;
  }
  for (Index t = 0; t < trace.n_query; ++t) {
    EXPECT_LE(
        difference(attn::final_state(model, trace, t), text_of(test::tensor(golden, "final"), batch, n_batches).row(t)),
        kHidden);
    if (golden.find("logits") == nullptr) continue;
    const auto logits = text_of(test::tensor(golden, "logits"), batch, n_batches);
    worst_logits = std::max(worst_logits, difference(attn::logits_at(model, trace, t), logits.row(t)));
  }
  EXPECT_LE(worst_logits, kLogits);
  testing::Test::RecordProperty("weights", std::to_string(worst_weights * 1e6) + "e-6");
  testing::Test::RecordProperty("logits", std::to_string(worst_logits * 1e6) + "e-6");
}

struct FamilyCase {
  std::string name;
  std::string config = "config.json";
};

class Families : public testing::TestWithParam<FamilyCase> {};

TEST_P(Families, AttendAsInTransformers) {
  const auto& [family, config] = GetParam();
  const auto model = model_of(family, config);
  for (const char* run : {"run", "run_one"}) {
    SCOPED_TRACE(run);
    const attn::Checkpoint golden = test::golden("families/" + family + "/" + run + ".safetensors");
    const ForwardTrace trace = attn::forward(model, {.ids = test::ids_of(golden)});
    expect_run(*model, trace, golden, 0, 1);
  }
}

TEST_P(Families, TakeUpWhatWasComputedBefore) {
  const auto& [family, config] = GetParam();
  const auto model = model_of(family, config);
  if (!model->config.causal) return;
  const attn::Checkpoint golden = test::golden("families/" + family + "/run.safetensors");
  const std::vector<std::int32_t> ids = test::ids_of(golden);
  for (const std::size_t known : {std::size_t{1}, ids.size() / 2, ids.size() - 1, ids.size()}) {
    SCOPED_TRACE(known);
    const ForwardTrace before = attn::forward(model, {.ids = {ids.begin(), ids.begin() + static_cast<long>(known)}});
    ForwardTrace trace;
    attn::forward(model, {.ids = ids}, trace, attn::beginning_of(before, static_cast<Index>(known))).finish();
    expect_run(*model, trace, golden, 0, 1);
  }
  // Token by token, as a text is generated.
  ForwardTrace trace;
  for (std::size_t n = 1; n <= ids.size(); ++n) {
    ForwardTrace next;
    attn::forward(model, {.ids = {ids.begin(), ids.begin() + static_cast<long>(n)}}, next,
                  n == 1 ? ForwardTrace{} : attn::beginning_of(trace, static_cast<Index>(n) - 1))
        .finish();
    trace = std::move(next);
  }
  expect_run(*model, trace, golden, 0, 1);
}

INSTANTIATE_TEST_SUITE_P(
    All, Families,
    testing::Values(FamilyCase{"bert"}, FamilyCase{"roberta"}, FamilyCase{"distilbert"}, FamilyCase{"gpt2"},
                    FamilyCase{"gpt2_bare"}, FamilyCase{"llama"}, FamilyCase{"llama", "config_v4.json"},
                    FamilyCase{"llama3"}, FamilyCase{"llama3", "config_v4.json"}, FamilyCase{"llama_bias"},
                    FamilyCase{"llama_bias", "config_v4.json"}, FamilyCase{"mistral"},
                    FamilyCase{"mistral", "config_v4.json"}, FamilyCase{"qwen2"}, FamilyCase{"qwen2", "config_v4.json"},
                    FamilyCase{"qwen3"}, FamilyCase{"qwen3", "config_v4.json"}),
    [](const auto& family) { return family.param.name + (family.param.config == "config.json" ? "" : "_v4"); });

class PaddedBatches : public testing::TestWithParam<const char*> {};

/// Two texts, the second padded on the right: padded queries have rows too.
TEST_P(PaddedBatches, HidePaddingFromAll) {
  const std::string family = GetParam();
  const auto model = model_of(family, "config.json");
  const attn::Checkpoint golden = test::golden("families/" + family + "/run_padded.safetensors");
  const std::vector<std::int32_t> ids = test::ids_of(golden);
  const std::vector<std::int32_t> mask = test::integers_of(golden, "attention_mask");
  const auto n = static_cast<long>(ids.size() / 2);
  for (long batch = 0; batch < 2; ++batch) {
    SCOPED_TRACE(batch);
    attn::Tokens tokens{.ids = {ids.begin() + batch * n, ids.begin() + (batch + 1) * n}};
    for (long t = 0; t < n; ++t) tokens.padding.push_back(mask[static_cast<std::size_t>(batch * n + t)] == 0 ? 1 : 0);
    if (golden.find("token_type_ids") != nullptr) {
      const std::vector<std::int32_t> types = test::integers_of(golden, "token_type_ids");
      tokens.types.assign(types.begin() + batch * n, types.begin() + (batch + 1) * n);
    }
    expect_run(*model, attn::forward(model, tokens), golden, batch, 2);
  }
}

INSTANTIATE_TEST_SUITE_P(Encoders, PaddedBatches, testing::Values("bert", "roberta", "distilbert"),
                         [](const auto& family) { return std::string(family.param); });

TEST(FamilyOf, RefusesUnknownTypesByName) {
  test::expect_refusal({attn::ErrorCode::kUnsupported, "\"mamba\"", "llama", "mamba"},
                       [] { attn::make_model(attn::read_config(R"({"model_type": "mamba"})"), {}); });
}

}  // namespace
