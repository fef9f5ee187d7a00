// Every family against what Hugging Face's transformers computed with the same random weights.
#include <gtest/gtest.h>

#include "golden.h"
#include "model/transformer.h"
#include "runs.h"
#include "tiny_models.h"

namespace {

using attn::ForwardTrace;
using attn::Index;
using test::expect_run;

struct FamilyCase {
  std::string name;
  std::string config = "config.json";
};

class Families : public testing::TestWithParam<FamilyCase> {};

TEST_P(Families, AttendAsInTransformers) {
  const auto& [family, config] = GetParam();
  const auto model = test::make_shared(test::tiny_model(family, config));
  for (const char* run : {"run", "run_one"}) {
    SCOPED_TRACE(run);
    const attn::Checkpoint golden = test::golden("families/" + family + "/" + run + ".safetensors");
    const ForwardTrace trace = attn::forward(model, {.ids = test::ids_of(golden)});
    expect_run(*model, trace, golden, 0, 1);
  }
}

TEST_P(Families, TakeUpWhatWasComputedBefore) {
  const auto& [family, config] = GetParam();
  const auto model = test::make_shared(test::tiny_model(family, config));
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
  const auto model = test::make_shared(test::tiny_model(family));
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
