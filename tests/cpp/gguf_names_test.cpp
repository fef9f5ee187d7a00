// What a GGUF's keys and names become, and what in it is refused because it would change the numbers.
#include "model/families/gguf_names.h"

#include <gtest/gtest.h>

#include "golden.h"

namespace {

using attn::Checkpoint;
using attn::ErrorCode;
using attn::Settings;
using enum attn::ErrorCode;

Settings good(const std::string& architecture = "llama") {
  const std::string prefix = architecture + ".";
  return {{"general.architecture", architecture},
          {prefix + "block_count", std::int64_t{30}},
          {prefix + "embedding_length", std::int64_t{576}},
          {prefix + "feed_forward_length", std::int64_t{1536}},
          {prefix + "context_length", std::int64_t{8192}},
          {prefix + "attention.head_count", std::int64_t{9}},
          {prefix + "attention.head_count_kv", std::int64_t{3}},
          {prefix + "attention.layer_norm_rms_epsilon", 1e-5},
          {prefix + "rope.freq_base", 1e5},
          {prefix + "rope.dimension_count", std::int64_t{64}}};
}

Checkpoint with_embedding() {
  Checkpoint file;
  file.tensors["token_embd.weight"].shape = {49152, 576};
  return file;
}

Settings usual(const Settings& gguf) { return attn::usual_settings(gguf, with_embedding()); }

Settings with(const std::string& key, attn::Setting value) {
  Settings gguf = good();
  gguf[key] = std::move(value);
  return gguf;
}

TEST(IsGgufSettings, GoesByTheArchitecture) {
  EXPECT_TRUE(attn::is_gguf(good()));
  EXPECT_FALSE(attn::is_gguf({{"model_type", std::string("llama")}}));
}

TEST(UsualSettings, AreThoseOfAConfiguration) {
  for (const char* architecture : {"llama", "qwen2", "qwen3"}) {
    const Settings settings = usual(good(architecture));
    EXPECT_EQ(attn::text(settings, "model_type"), architecture);
    const auto whole = [&](const char* key) { return attn::integer(settings, key, 0, 1 << 24); };
    EXPECT_EQ(whole("num_hidden_layers"), 30);
    EXPECT_EQ(whole("hidden_size"), 576);
    EXPECT_EQ(whole("intermediate_size"), 1536);
    EXPECT_EQ(whole("max_position_embeddings"), 8192);
    EXPECT_EQ(whole("num_attention_heads"), 9);
    EXPECT_EQ(whole("num_key_value_heads"), 3);
    EXPECT_EQ(whole("vocab_size"), 49152);
    EXPECT_EQ(attn::number_or(settings, "rms_norm_eps", 0.0, 1.0, 0.5), 1e-5);
    EXPECT_EQ(attn::number_or(settings, "rope_theta", 0.0, 1e9, 1.0), 1e5);
    EXPECT_EQ(attn::text(settings, "hidden_act"), "silu");
    EXPECT_TRUE(attn::boolean_or(settings, "tie_word_embeddings", false));
    EXPECT_FALSE(attn::has(settings, "head_dim"));
    EXPECT_FALSE(attn::has(settings, "rope_scaling"));
  }
}

TEST(UsualSettings, LeaveOutWhatTheFileLeavesOut) {
  Settings gguf = good();
  gguf.erase("llama.attention.head_count_kv");
  gguf.erase("llama.rope.freq_base");
  gguf.erase("llama.rope.dimension_count");
  gguf["llama.expert_count"] = std::int64_t{0};
  gguf["llama.attention.causal"] = true;
  gguf["llama.rope.scaling.type"] = std::string("none");
  gguf["qwen2.expert_count"] = std::int64_t{8};  // Of another architecture: not a word about this one.
  const Settings settings = usual(gguf);
  for (const char* key : {"num_key_value_heads", "rope_theta", "rope_scaling"}) EXPECT_FALSE(attn::has(settings, key));
}

TEST(UsualSettings, TakeHeadsOfAnotherWidth) {
  Settings gguf = good();
  gguf["llama.attention.key_length"] = gguf["llama.attention.value_length"] = gguf["llama.rope.dimension_count"] =
      std::int64_t{96};
  EXPECT_EQ(attn::integer(usual(gguf), "head_dim", 1, 1000), 96);
}

TEST(UsualSettings, KnowLinearRotationByAllItsNames) {
  const auto factor = [](const Settings& gguf) {
    const Settings settings = usual(gguf);
    EXPECT_EQ(attn::text(settings, "rope_scaling.rope_type"), "linear");
    EXPECT_TRUE(std::holds_alternative<attn::NestedSetting>(settings.at("rope_scaling")));
    return attn::number_or(settings, "rope_scaling.factor", 0.0, 1e9, 0.5);
  };
  Settings gguf = good();
  gguf["llama.rope.scaling.factor"] = 4.0;
  EXPECT_EQ(factor(gguf), 4.0) << "without a kind it is linear";
  gguf["llama.rope.scaling.type"] = std::string("linear");
  EXPECT_EQ(factor(gguf), 4.0);
  gguf.erase("llama.rope.scaling.factor");
  EXPECT_EQ(factor(gguf), 1.0);
  EXPECT_EQ(factor(with("llama.rope.scale_linear", 2.0)), 2.0) << "the old name";
}

TEST(UsualSettings, RefuseWhatWouldChangeTheNumbers) {
  struct Case {
    const char* name;
    Settings gguf;
    test::Refusal refusal;
  };
  const attn::Setting one = std::int64_t{1};
  Settings no_epsilon = good();
  no_epsilon.erase("llama.attention.layer_norm_rms_epsilon");
  Settings no_heads = good();
  no_heads.erase("llama.attention.head_count");
  Settings no_width = good();
  no_width.erase("llama.embedding_length");
  Settings value_width = with("llama.attention.value_length", std::int64_t{32});
  value_width["llama.attention.key_length"] = std::int64_t{64};
  const Case cases[] = {
      {"another architecture",
       good("gemma"),
       {kUnsupported, "architecture \"gemma\"", "llama, qwen2 or qwen3", "gemma"}},
      {"an architecture by its beginning", good("llama4"), {kUnsupported, "\"llama4\"", "llama, qwen2", "llama4"}},
      {"an architecture that is a number", {{"general.architecture", one}}, {kBadConfig, "architecture", "text", "1"}},
      {"no architecture",
       {{"general.architecture", std::monostate{}}},
       {kBadConfig, "architecture", "text", "nothing"}},
      {"yarn",
       with("llama.rope.scaling.type", std::string("yarn")),
       {kUnsupported, "\"yarn\"", "none or linear", "yarn"}},
      {"longrope",
       with("llama.rope.scaling.type", std::string("longrope")),
       {kUnsupported, "\"longrope\"", "none or linear", "longrope"}},
      {"a kind that is a number", with("llama.rope.scaling.type", one), {kBadConfig, "rope.scaling.type", "text", "1"}},
      {"a factor of 0", with("llama.rope.scaling.factor", 0.0), {kBadConfig, "rope.scaling.factor", "above 0", "^0$"}},
      {"experts", with("llama.expert_count", std::int64_t{8}), {kUnsupported, "expert_count", "none", "expert_count"}},
      {"experts in words", with("llama.expert_count", std::string("8")), {kBadConfig, "expert_count", "number", "8"}},
      {"a window",
       with("llama.attention.sliding_window", std::int64_t{4096}),
       {kUnsupported, "sliding_window", "", ""}},
      {"capped scores", with("llama.attn_logit_softcapping", 50.0), {kUnsupported, "softcapping", "", ""}},
      {"scaled logits", with("llama.logit_scale", 0.5), {kUnsupported, "logit_scale", "", ""}},
      {"an encoder", with("llama.attention.causal", false), {kUnsupported, "attention.causal", "true", "false"}},
      {"values of another width", value_width, {kUnsupported, "value width", "^64$", "^32$"}},
      {"values of a width that keys do not have",
       with("llama.attention.value_length", std::int64_t{32}),
       {kUnsupported, "value width", "", "^32$"}},
      {"rotation of a part",
       with("llama.rope.dimension_count", std::int64_t{32}),
       {kUnsupported, "part of the width", "^64$", "^32$"}},
      {"no epsilon", no_epsilon, {kBadConfig, "layer_norm_rms_epsilon", "number", "nothing"}},
      {"no heads", no_heads, {kBadConfig, "head_count", "integer", "nothing"}},
      {"heads layer by layer",
       with("llama.attention.head_count", attn::NestedSetting{}),
       {kBadConfig, "head_count", "integer", "list"}},
      {"no heads at all",
       with("llama.attention.head_count", std::int64_t{0}),
       {kBadConfig, "head_count", "from 1", "0"}},
      {"no width", no_width, {kBadConfig, "embedding_length", "integer", "nothing"}},
  };
  EXPECT_NO_THROW(usual(good()));
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    test::expect_refusal(each.refusal, [&] { usual(each.gguf); });
  }
}

TEST(UsualSettings, NeedTheEmbeddingForTheVocabulary) {
  const test::Refusal refusal{kBadFile, "token_embd.weight", R"(\[n_vocab, d_model\])", "no matrix"};
  test::expect_refusal(refusal, [] { attn::usual_settings(good(), {}); });
  Checkpoint flat = with_embedding();
  flat.tensors["token_embd.weight"].shape = {576};
  test::expect_refusal(refusal, [&] { attn::usual_settings(good(), flat); });
}

TEST(UsualNames, AreThoseOfACheckpoint) {
  const std::map<std::string, std::string> names = {
      {"token_embd.weight", "model.embed_tokens.weight"},
      {"output_norm.weight", "model.norm.weight"},
      {"output.weight", "lm_head.weight"},
      {"blk.0.attn_norm.weight", "model.layers.0.input_layernorm.weight"},
      {"blk.7.attn_q.weight", "model.layers.7.self_attn.q_proj.weight"},
      {"blk.7.attn_q.bias", "model.layers.7.self_attn.q_proj.bias"},
      {"blk.12.attn_k.weight", "model.layers.12.self_attn.k_proj.weight"},
      {"blk.12.attn_v.bias", "model.layers.12.self_attn.v_proj.bias"},
      {"blk.100.attn_output.weight", "model.layers.100.self_attn.o_proj.weight"},
      {"blk.3.attn_q_norm.weight", "model.layers.3.self_attn.q_norm.weight"},
      {"blk.3.attn_k_norm.weight", "model.layers.3.self_attn.k_norm.weight"},
      {"blk.3.ffn_norm.weight", "model.layers.3.post_attention_layernorm.weight"},
      {"blk.3.ffn_gate.weight", "model.layers.3.mlp.gate_proj.weight"},
      {"blk.3.ffn_up.weight", "model.layers.3.mlp.up_proj.weight"},
      {"blk.3.ffn_down.weight", "model.layers.3.mlp.down_proj.weight"},
      // What is not in the tables keeps its name.
      {"rope_freqs.weight", "rope_freqs.weight"},
      {"blk.3.ffn_gate_exps.weight", "blk.3.ffn_gate_exps.weight"},
      {"blk.attn_q", "blk.attn_q"},
      {"blk.3", "blk.3"},
      {"blk.", "blk."},
      {"other.attn_q.weight", "other.attn_q.weight"},
      {"token_embd.bias", "token_embd.bias"},
      {"", ""},
  };
  Checkpoint gguf{.metadata = {{"a", "b"}}, .tensors = {}, .bytes = 77};
  for (const auto& [name, usual_name] : names) gguf.tensors[name].dtype_name = usual_name;
  const Checkpoint found = attn::usual_names(gguf);
  EXPECT_EQ(found.bytes, 77U);
  EXPECT_EQ(found.metadata, gguf.metadata);
  EXPECT_EQ(found.tensors.size(), names.size());
  for (const auto& [name, tensor] : found.tensors) EXPECT_EQ(tensor.dtype_name, name);
}

TEST(UsualNames, RefuseTwoThatMeanTheSame) {
  Checkpoint gguf;
  gguf.tensors["output.weight"];
  gguf.tensors["lm_head.weight"];
  test::expect_refusal({kBadFile, "mean the same", "every tensor once", "output.weight"},
                       [&] { attn::usual_names(gguf); });
}

}  // namespace
