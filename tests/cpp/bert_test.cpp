// BERT's configuration and tensor names: every spelling that published files use, and nothing that would compute
// wrongly.
#include "model/families/bert.h"

#include <gtest/gtest.h>

#include "golden.h"
#include "model/transformer.h"

namespace {

using attn::ErrorCode;
using attn::Index;

using Tensors = std::map<std::string, std::pair<std::vector<Index>, attn::SharedMatrix>>;

constexpr const char* kGoodConfig =
    R"({"model_type":"bert","hidden_size":8,"num_hidden_layers":2,"num_attention_heads":2,
  "intermediate_size":12,"max_position_embeddings":10,"vocab_size":20,"type_vocab_size":2,"layer_norm_eps":1e-12,
  "hidden_act":"gelu","position_embedding_type":"absolute","nested":{"a":[1]},"torch_dtype":null})";

/// The same random BERT every time, under the names that are asked for.
Tensors tiny_bert(const std::string& prefix, const char* gain, const char* bias) {
  test::Random random(21);
  Tensors tensors;
  const auto put = [&](const std::string& name, std::vector<Index> shape) {
    const Index rows = shape.size() == 1 ? 1 : shape[0];
    tensors[prefix + name] = {shape, attn::SharedMatrix(random.matrix(rows, shape.back(), 0.5F))};
  };
  const auto norm = [&](const std::string& name) {
    put(name + "." + gain, {8});
    put(name + "." + bias, {8});
  };
  put("embeddings.word_embeddings.weight", {20, 8});
  put("embeddings.position_embeddings.weight", {10, 8});
  put("embeddings.token_type_embeddings.weight", {2, 8});
  norm("embeddings.LayerNorm");
  for (const char* layer : {"encoder.layer.0.", "encoder.layer.1."}) {
    for (const char* part :
         {"attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"}) {
      put(std::string(layer) + part + ".weight", {8, 8});
      put(std::string(layer) + part + ".bias", {8});
    }
    norm(std::string(layer) + "attention.output.LayerNorm");
    put(std::string(layer) + "intermediate.dense.weight", {12, 8});
    put(std::string(layer) + "intermediate.dense.bias", {12});
    put(std::string(layer) + "output.dense.weight", {8, 12});
    put(std::string(layer) + "output.dense.bias", {8});
    norm(std::string(layer) + "output.LayerNorm");
  }
  return tensors;
}

attn::Model load(const std::string& config, const Tensors& tensors) {
  const std::string bytes = attn::write_safetensors({}, tensors);
  return attn::make_model(attn::read_config(config), attn::read_safetensors(test::bytes_of(bytes), "w"));
}

std::string changed(const std::string& key, const std::string& value) {
  std::string config = kGoodConfig;
  const std::size_t begin = config.find('"' + key + "\":");
  if (begin == std::string::npos) return config.insert(1, '"' + key + "\":" + value + ",");
  const std::size_t from = begin + key.size() + 3;
  return config.replace(from, config.find_first_of(",}", from) - from, value);
}

std::string without(const std::string& key) {
  std::string config = kGoodConfig;
  const std::size_t begin = config.find('"' + key + "\":");
  return config.erase(begin, config.find(',', begin) + 1 - begin);
}

struct Case {
  const char* name;
  std::string config;
  test::Refusal refusal;
};

TEST(BertConfig, RefusesEveryBadConfigurationByName) {
  using enum ErrorCode;
  const std::vector<Case> cases = {
      {"nothing", "", {kBadConfig, "config.json", "JSON", "byte"}},
      {"no JSON", "model: bert", {kBadConfig, "config.json", "JSON", "byte"}},
      {"a list", "[]", {kBadConfig, "object", "object", "array"}},
      {"null", "null", {kBadConfig, "object", "object", "null"}},
      {"a key twice", R"({"model_type":"bert","model_type":"gpt2"})", {kBadConfig, "twice", "once", "model_type"}},
      {"nesting without end", std::string(R"({"a":)") + std::string(100, '['), {kBadConfig, "nested|valid", "", ""}},
      {"more than a configuration holds", std::string(2U << 20U, ' '), {kTooLarge, "larger", "1048576", "2097152"}},
      {"no model_type", without("model_type"), {kBadConfig, "model_type", "text", "nothing"}},
      {"a model_type that is a number", changed("model_type", "3"), {kBadConfig, "model_type", "text", "3"}},
      {"a family that is not built", changed("model_type", "\"mamba\""), {kUnsupported, "mamba", "bert", "mamba"}},
      {"no hidden_size", without("hidden_size"), {kBadConfig, "hidden_size", "integer", "nothing"}},
      {"a hidden_size that is text", changed("hidden_size", "\"8\""), {kBadConfig, "hidden_size", "integer", "\"8\""}},
      {"a hidden_size that is a fraction",
       changed("hidden_size", "8.5"),
       {kBadConfig, "hidden_size", "integer", "8.5"}},
      {"a hidden_size of 0", changed("hidden_size", "0"), {kBadConfig, "hidden_size", "from 1", "0"}},
      {"a negative hidden_size", changed("hidden_size", "-8"), {kBadConfig, "hidden_size", "from 1", "-8"}},
      {"a hidden_size past 64 bits",
       changed("hidden_size", "99999999999999999999"),
       {kBadConfig, "hidden_size", "integer", ""}},
      {"a width that heads do not divide", changed("num_attention_heads", "3"), {kBadConfig, "multiple", "3", "8"}},
      {"no heads", changed("num_attention_heads", "0"), {kBadConfig, "num_attention_heads", "from 1", "0"}},
      {"a thousand layers", changed("num_hidden_layers", "1000"), {kBadConfig, "num_hidden_layers", "256", "1000"}},
      {"layers as a list", changed("num_hidden_layers", "[2]"), {kBadConfig, "num_hidden_layers", "integer", "list"}},
      {"no positions",
       without("max_position_embeddings"),
       {kBadConfig, "max_position_embeddings", "integer", "nothing"}},
      {"an endless vocabulary", changed("vocab_size", "1e300"), {kBadConfig, "vocab_size", "integer", ""}},
      {"an epsilon that is text",
       changed("layer_norm_eps", "\"small\""),
       {kBadConfig, "layer_norm_eps", "number", "small"}},
      {"a negative epsilon", changed("layer_norm_eps", "-1"), {kBadConfig, "layer_norm_eps", "above 0", "-1"}},
      {"another activation", changed("hidden_act", "\"mish\""), {kUnsupported, "hidden_act", "gelu", "mish"}},
      {"an activation that is a number", changed("hidden_act", "1"), {kBadConfig, "hidden_act", "text", "1"}},
      {"relative positions",
       changed("position_embedding_type", "\"relative_key\""),
       {kUnsupported, "position", "absolute", "relative_key"}},
      {"a decoder", changed("is_decoder", "true"), {kUnsupported, "is_decoder", "false", "true"}},
      {"is_decoder as text", changed("is_decoder", "\"no\""), {kBadConfig, "is_decoder", "true or false", "no"}},
      {"fewer layers than the weights",
       changed("num_hidden_layers", "1"),
       {kBadConfig, "fewer layers", "1", "layer.1"}},
      {"more layers than the weights", changed("num_hidden_layers", "3"), {kBadFile, "lack", "layer.2", "no tensor"}},
      {"another width than the weights",
       changed("intermediate_size", "16"),
       {kBadFile, "shape", "\\[16, 8\\]", "\\[12, 8\\]"}},
  };
  EXPECT_GE(cases.size(), 20U);
  const Tensors tensors = tiny_bert("", "weight", "bias");
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    test::expect_refusal(each.refusal, [&] { load(each.config, tensors); });
  }
}

TEST(BertConfig, ReadsDefaultsAndIgnoresWhatItDoesNotNeed) {
  for (const char* key : {"hidden_act", "position_embedding_type", "layer_norm_eps"}) {
    SCOPED_TRACE(key);
    const attn::Model model = load(without(key), tiny_bert("", "weight", "bias"));
    EXPECT_EQ(model.config.d_head, 4);
    EXPECT_EQ(model.parameters.embedding_norm.epsilon, 1e-12F);
    EXPECT_FALSE(model.config.causal);
  }
}

TEST(BertParameters, EverySpellingOfTheNamesGivesTheSameModel) {
  const std::vector<std::int32_t> ids = {3, 1, 4, 1, 5};
  const auto run = [&](const std::string& prefix, const char* gain, const char* bias) {
    return attn::forward(std::make_shared<const attn::Model>(load(kGoodConfig, tiny_bert(prefix, gain, bias))),
                         {.ids = ids});
  };
  const attn::ForwardTrace plain = run("", "weight", "bias");
  for (const auto& [prefix, gain, bias] :
       {std::tuple("bert.", "weight", "bias"), std::tuple("", "gamma", "beta"), std::tuple("bert.", "gamma", "beta")}) {
    const attn::ForwardTrace other = run(prefix, gain, bias);
    EXPECT_EQ(test::difference(plain.hidden.back().view(), other.hidden.back().view()), 0.0) << prefix << gain;
  }
}

TEST(BertParameters, NamesTheTensorThatIsMissingOrUnusable) {
  Tensors tensors = tiny_bert("", "weight", "bias");
  tensors.erase("encoder.layer.1.output.LayerNorm.bias");
  test::expect_refusal({ErrorCode::kBadFile, "encoder.layer.1.output.LayerNorm.bias", "\\[8\\]", "no tensor"},
                       [&] { load(kGoodConfig, tensors); });
  tensors = tiny_bert("", "weight", "bias");
  tensors["encoder.layer.0.attention.self.distance_embedding.weight"] = tensors["embeddings.word_embeddings.weight"];
  test::expect_refusal({ErrorCode::kUnsupported, "relative positions", "absolute", "distance_embedding"},
                       [&] { load(kGoodConfig, tensors); });
}

}  // namespace
