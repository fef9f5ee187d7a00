// Qwen3's normalised heads and their width.
#include "model/families/qwen3.h"

#include <gtest/gtest.h>

#include "golden.h"
#include "tiny_models.h"

namespace {

using test::TinyModel;
using enum attn::ErrorCode;

TEST(Qwen3, RefusesEveryModelThatItWouldComputeWrongly) {
  test::expect_refusals(
      "qwen3", {
                   {"an unknown activation",
                    [](TinyModel& m) { m.set("hidden_act", "mish"); },
                    {kUnsupported, "hidden_act", "silu", "mish"}},
                   {"heads that do not divide among key heads",
                    [](TinyModel& m) { m.set("num_key_value_heads", 2); },
                    {kBadConfig, "Query heads", "multiple of 2", "^3$"}},
                   {"no norm of queries",
                    [](TinyModel& m) { m.drop_tensor("model.layers.1.self_attn.q_norm.weight"); },
                    {kBadFile, "layers.1.self_attn.q_norm", R"(\[8\])", "no tensor"}},
                   {"no norm of keys",
                    [](TinyModel& m) { m.drop_tensor("model.layers.2.self_attn.k_norm.weight"); },
                    {kBadFile, "layers.2.self_attn.k_norm", R"(\[8\])", "no tensor"}},
                   {"a norm over all heads",
                    [](TinyModel& m) { m.copy_tensor("model.norm.weight", "model.layers.0.self_attn.q_norm.weight"); },
                    {kBadFile, "q_norm", R"(\[8\])", R"(\[30\])"}},
                   {"fewer layers than the weights",
                    [](TinyModel& m) { m.set("num_hidden_layers", 1); },
                    {kBadConfig, "fewer layers", "1 layers", "layers.1"}},
                   {"an unknown kind of layer",
                    [](TinyModel& m) { m.set("layer_types.2", "mamba"); },
                    {kUnsupported, "mamba", "sliding_attention", "mamba"}},
                   {"sliding without a window",
                    [](TinyModel& m) { m.set("layer_types.2", "sliding_attention"); },
                    {kBadConfig, "slides", "sliding_window", "none"}},
                   // A head is 128 wide where nothing is said: these weights are not.
                   {"no width of a head",
                    [](TinyModel& m) { m.drop_setting("head_dim"); },
                    {kBadFile, "q_proj", R"(\[384, 30\])", R"(\[24, 30\])"}},
                   {"a null for it",
                    [](TinyModel& m) { m.set("head_dim", std::monostate{}); },
                    {kBadFile, "q_proj", R"(\[384, 30\])", R"(\[24, 30\])"}},
               });
}

TEST(Qwen3, TakesBiasesWhereThereAre) {
  TinyModel model = test::tiny_model("qwen3");
  const attn::Model before = test::make(model);
  EXPECT_EQ(before.parameters.layers[0].attention.w_query.bias.size(), 0);
  EXPECT_EQ(before.parameters.layers[0].query_norm.kind, attn::NormKind::kRms);
  model.weights.tensors["model.layers.0.self_attn.k_proj.bias"] =
      model.weights.tensors.at("model.layers.0.self_attn.k_norm.weight");
  EXPECT_EQ(test::make(model).parameters.layers[0].attention.w_key.bias.size(), 8);
}

}  // namespace
