// Llama's configurations and checkpoints that must be refused, and the ways to spell one that is right.
#include "model/families/llama.h"

#include <gtest/gtest.h>

#include "golden.h"
#include "model/transformer.h"
#include "tiny_models.h"

namespace {

using attn::Index;
using attn::Settings;
using test::TinyModel;
using enum attn::ErrorCode;

TEST(Llama, RefusesEveryModelThatItWouldComputeWrongly) {
  const std::string query = "model.layers.1.self_attn.q_proj.weight";
  test::expect_refusals(
      "llama",
      {
          {"an unknown activation",
           [](TinyModel& m) { m.set("hidden_act", "mish"); },
           {kUnsupported, "hidden_act", "gelu, gelu_new, silu or relu", "mish"}},
          {"an activation that is a number",
           [](TinyModel& m) { m.set("hidden_act", 1); },
           {kBadConfig, "hidden_act", "text", "1"}},
          {"no width",
           [](TinyModel& m) { m.drop_setting("hidden_size"); },
           {kBadConfig, "hidden_size", "integer", "nothing"}},
          {"a width of 0", [](TinyModel& m) { m.set("hidden_size", 0); }, {kBadConfig, "hidden_size", "from 1", "^0$"}},
          {"another width",
           [](TinyModel& m) { m.set("hidden_size", 51); },
           {kBadFile, "embed_tokens", R"(\[206, 51\])", R"(\[206, 48\])"}},
          {"heads that do not divide the width",
           [](TinyModel& m) {
             m.drop_setting("head_dim");
             m.set("num_attention_heads", 5);
           },
           {kBadConfig, "width", "multiple of 5", "48"}},
          {"heads that do not divide among key heads",
           [](TinyModel& m) { m.set("num_key_value_heads", 2); },
           {kBadConfig, "Query heads", "multiple of 2", "^3$"}},
          {"more key heads than query heads",
           [](TinyModel& m) { m.set("num_key_value_heads", 6); },
           {kBadConfig, "num_key_value_heads", "from 1 to 3", "^6$"}},
          {"no key heads",
           [](TinyModel& m) { m.set("num_key_value_heads", 0); },
           {kBadConfig, "num_key_value_heads", "from 1 to 3", "^0$"}},
          {"heads of another width",
           [](TinyModel& m) { m.set("head_dim", 16); },
           {kBadFile, "q_proj", R"(\[48, 48\])", R"(\[54, 48\])"}},
          {"heads of odd width", [](TinyModel& m) { m.set("head_dim", 17); }, {kBadConfig, "even width", "even", "17"}},
          {"another inner width",
           [](TinyModel& m) { m.set("intermediate_size", 90); },
           {kBadFile, "gate_proj", R"(\[90, 48\])", R"(\[91, 48\])"}},
          {"another vocabulary",
           [](TinyModel& m) { m.set("vocab_size", 207); },
           {kBadFile, "embed_tokens", R"(\[207, 48\])", R"(\[206, 48\])"}},
          {"no limit of tokens",
           [](TinyModel& m) { m.drop_setting("max_position_embeddings"); },
           {kBadConfig, "max_position_embeddings", "integer", "nothing"}},
          {"fewer layers than the weights",
           [](TinyModel& m) { m.set("num_hidden_layers", 1); },
           {kBadConfig, "fewer layers", "1 layers", "layers.1.self_attn.q_proj"}},
          {"more layers than the weights",
           [](TinyModel& m) { m.set("num_hidden_layers", 3); },
           {kBadFile, "lack.*layers.2.self_attn", "", "no tensor"}},
          {"a thousand layers",
           [](TinyModel& m) { m.set("num_hidden_layers", 1000); },
           {kBadConfig, "num_hidden_layers", "256", "1000"}},
          {"an epsilon of 0",
           [](TinyModel& m) { m.set("rms_norm_eps", 0); },
           {kBadConfig, "rms_norm_eps", "above 0", "^0$"}},
          {"a rotation that is not built in",
           [](TinyModel& m) { m.set("rope_parameters.rope_type", "yarn"); },
           {kUnsupported, "yarn", "llama3", "yarn"}},
          {"no query weights",
           [&](TinyModel& m) { m.drop_tensor(query); },
           {kBadFile, "lack.*" + query, R"(\[54, 48\])", "no tensor"}},
          {"query weights of another shape",
           [&](TinyModel& m) { m.reshape(query, {48, 54}); },
           {kBadFile, query, R"(\[54, 48\])", R"(\[48, 54\])"}},
          {"flat query weights",
           [&](TinyModel& m) { m.reshape(query, {54 * 48}); },
           {kBadFile, query, R"(\[54, 48\])", R"(\[2592\])"}},
          {"weights of a type that is not computed",
           [&](TinyModel& m) {
             m.weights.tensors.at(query).dtype = attn::Dtype::kOther;
             m.weights.tensors.at(query).dtype_name = "I8";
           },
           {kUnsupported, query + ".*I8", "F32", "I8"}},
          {"no norm",
           [](TinyModel& m) { m.drop_tensor("model.layers.0.input_layernorm.weight"); },
           {kBadFile, "input_layernorm", R"(\[48\])", "no tensor"}},
          {"no last norm",
           [](TinyModel& m) { m.drop_tensor("model.norm.weight"); },
           {kBadFile, "model.norm.weight", R"(\[48\])", "no tensor"}},
          {"no embedding",
           [](TinyModel& m) { m.drop_tensor("model.embed_tokens.weight"); },
           {kBadFile, "embed_tokens.weight", R"(\[206, 48\])", "no tensor"}},
          {"an output matrix of another shape",
           [](TinyModel& m) { m.reshape("lm_head.weight", {48, 206}); },
           {kBadFile, "lm_head", R"(\[206, 48\])", R"(\[48, 206\])"}},
          {"ready-made frequencies of another number",
           [](TinyModel& m) { m.copy_tensor("model.norm.weight", "rope_freqs.weight"); },
           {kBadFile, "rope_freqs", R"(\[9\])", R"(\[48\])"}},
          {"tie_word_embeddings that is text",
           [](TinyModel& m) {
             m.drop_tensor("lm_head.weight");
             m.set("tie_word_embeddings", "yes");
           },
           {kBadConfig, "tie_word_embeddings", "true or false", "yes"}},
      });
}

attn::ForwardTrace run(const TinyModel& model) {
  return attn::forward(test::make_shared(model), {.ids = {3, 1, 4, 1, 5}});
}

TEST(Llama, TakesItsNamesWithAndWithoutTheModelInFront) {
  const TinyModel good = test::tiny_model("llama");
  TinyModel bare = good;
  for (const auto& [name, tensor] : good.weights.tensors) {
    if (!name.starts_with("model.")) continue;
    bare.drop_tensor(name);
    bare.weights.tensors[name.substr(6)] = tensor;
  }
  EXPECT_EQ(test::difference(run(good).hidden.back().view(), run(bare).hidden.back().view()), 0.0);
  // Without a matrix of its own and untied, it has nothing to say about words.
  bare.drop_tensor("lm_head.weight");
  const attn::Model silent = test::make(bare);
  test::expect_refusal({kUnsupported, "no output matrix", "language model", "llama"},
                       [&] { attn::logits_at(silent, run(bare), 0); });
  bare.set("tie_word_embeddings", true);
  EXPECT_EQ(attn::logits_at(test::make(bare), run(bare), 0).size(), 206);
}

TEST(Llama, TakesDefaultsWhereItsSettingsAreSilent) {
  TinyModel model = test::tiny_model("llama");
  const attn::ForwardTrace before = run(model);
  for (const char* key : {"hidden_act", "rms_norm_eps", "attention_bias", "tie_word_embeddings"})
    model.drop_setting(key);
  EXPECT_EQ(test::difference(run(model).hidden.back().view(), before.hidden.back().view()), 0.0);
  const attn::Model made = test::make(model);
  EXPECT_EQ(made.config.family, "llama");
  EXPECT_EQ(made.config.n_kv_heads, 1);
  EXPECT_EQ(made.config.d_head, 18);
  EXPECT_EQ(made.config.n_token_types, 0);
  EXPECT_TRUE(made.config.causal);
  EXPECT_EQ(made.bytes, model.weights.bytes);
  // Every query head has keys of its own where nothing is said about sharing: then these weights are too few.
  model.drop_setting("num_key_value_heads");
  test::expect_refusal({kBadFile, "k_proj", R"(\[54, 48\])", R"(\[18, 48\])"}, [&] { test::make(model); });
}

/// Settings of so many layers, the first of which are of these kinds.
Settings layers_of(std::int64_t n_layers, const std::vector<std::string>& kinds = {}) {
  Settings settings = {{"num_hidden_layers", n_layers}};
  for (std::size_t i = 0; i < kinds.size(); ++i) settings["layer_types." + std::to_string(i)] = kinds[i];
  return settings;
}

TEST(WindowsFrom, GoByTheNamedKindsAndElseByTheDefault) {
  using Windows = std::vector<Index>;
  EXPECT_EQ(attn::windows_from(layers_of(3), 5, 1), (Windows{0, 5, 5}));
  EXPECT_EQ(attn::windows_from(layers_of(3), 5, 28), (Windows{0, 0, 0}));
  EXPECT_EQ(attn::windows_from(layers_of(2, {"full_attention", "sliding_attention"}), 5, 28), (Windows{0, 5}));
  EXPECT_EQ(attn::windows_from(layers_of(2, {"full_attention"}), 5, 0), (Windows{0, 5}));
  EXPECT_EQ(attn::windows_from(layers_of(2), 0, 0), (Windows{0, 0}));
  for (const char* kind : {"chunked_attention", "linear_attention", ""}) {
    test::expect_refusal({kUnsupported, std::string("kind \"") + kind, "full_attention or sliding_attention", kind},
                         [&] { attn::windows_from(layers_of(2, {"full_attention", kind}), 5, 2); });
  }
  test::expect_refusal({kBadConfig, "slides", "sliding_window", "none"},
                       [] { attn::windows_from(layers_of(1, {"sliding_attention"}), 0, 1); });
  Settings number = layers_of(1);
  number["layer_types.0"] = std::int64_t{7};
  test::expect_refusal({kBadConfig, "layer_types.0", "text", "7"}, [&] { attn::windows_from(number, 5, 1); });
}

TEST(SlidingWindow, IsTheUsualWhereAbsentAndNoneWhereNull) {
  EXPECT_EQ(attn::sliding_window({}), 4096);
  EXPECT_EQ(attn::sliding_window({{"sliding_window", std::monostate{}}}), 0);
  EXPECT_EQ(attn::sliding_window({{"sliding_window", std::int64_t{9}}}), 9);
  test::expect_refusal({kBadConfig, "sliding_window", "from 1", "^0$"},
                       [] { attn::sliding_window({{"sliding_window", std::int64_t{0}}}); });
}

}  // namespace
