// Models from GGUF files against what Hugging Face's transformers computed: all types of weights, SmolLM2 word for
// word, and the tiny families written as GGUF.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "attn/sampling.h"
#include "formats/gguf.h"
#include "gguf_writer.h"
#include "golden.h"
#include "model/transformer.h"
#include "runs.h"
#include "tiny_models.h"

namespace {

using attn::ForwardTrace;
using attn::Index;
using test::difference;

const std::filesystem::path kFolder = std::filesystem::path(HEADLIGHT_GOLDEN) / "gguf";

TEST(TinyGguf, ComputesWithEveryTypeAsTransformersDoes) {
  const auto model = test::gguf_model(kFolder / "tiny.gguf");
  EXPECT_EQ(model->config.family, "llama");
  EXPECT_EQ(model->config.d_head, 96);
  EXPECT_EQ(model->config.n_kv_heads, 2);
  const attn::Checkpoint golden = test::golden("gguf/tiny_run.safetensors");
  test::expect_run(*model, attn::forward(model, {.ids = test::ids_of(golden)}), golden);
}

TEST(TinyGguf, IsTheSameModelAsItsExpandedFolder) {
  const attn::Settings settings = attn::read_config(test::read_text(kFolder / "tiny" / "config.json"));
  const auto expanded =
      std::make_shared<const attn::Model>(attn::make_model(settings, test::golden("gguf/tiny/model.safetensors")));
  const attn::Checkpoint golden = test::golden("gguf/tiny_run.safetensors");
  const std::vector<std::int32_t> ids = test::ids_of(golden);
  const ForwardTrace expected = attn::forward(expanded, {.ids = ids});
  test::expect_run(*expanded, expected, golden);

  const auto packed = test::gguf_model(kFolder / "tiny.gguf");
  const ForwardTrace found = attn::forward(packed, {.ids = ids});
  for (std::size_t layer = 0; layer < 2; ++layer) {
    EXPECT_LE(difference(found.layers[layer].query.view(), expected.layers[layer].query.view()), test::kHidden);
    EXPECT_LE(difference(found.layers[layer].key.view(), expected.layers[layer].key.view()), test::kHidden);
    EXPECT_LE(difference(found.layers[layer].value.view(), expected.layers[layer].value.view()), test::kHidden);
  }
  for (Index t = 0; t < found.n_query; ++t) {
    EXPECT_LE(difference(attn::logits_at(*packed, found, t), attn::logits_at(*expanded, expected, t)), test::kLogits);
  }
  EXPECT_LT(packed->bytes * 2, expanded->bytes) << "what is packed stays packed in memory";
}

class SmolLm2 : public testing::TestWithParam<const char*> {};

TEST_P(SmolLm2, AttendsAndContinuesAsTransformersDoes) {
  const auto model = test::smollm2();
  const attn::Checkpoint golden = test::golden(std::string("gguf/smollm2/") + GetParam() + ".safetensors");
  std::vector<std::int32_t> ids = test::ids_of(golden);
  const auto n_prompt = ids.size();
  ForwardTrace trace = attn::forward(model, {.ids = ids});
  ASSERT_EQ(trace.n_layers(), 30);
  double weights = 0.0;
  for (const Index layer : {0, 14, 29}) {
    const attn::SharedMatrix expected = test::tensor(golden, "layers." + std::to_string(layer) + ".weights");
    ASSERT_EQ(expected.rows(), trace.n_heads * trace.n_query);
    for (Index head = 0; head < trace.n_heads; ++head) {
      const double off = difference(attn::head_weights(trace, layer, head),
                                    expected.view().middleRows(head * trace.n_query, trace.n_query));
      EXPECT_LE(off, test::kWeights) << "layer " << layer << ", head " << head;
      weights = std::max(weights, off);
    }
  }
  attn::Vector logits = attn::logits_at(*model, trace, trace.n_query - 1);
  const double off = difference(logits, test::tensor(golden, "logits").view());
  EXPECT_LE(off, test::kLogits);
  RecordProperty("weights", std::to_string(weights * 1e6) + "e-6");
  RecordProperty("logits", std::to_string(off * 1e6) + "e-6");

  const std::vector<std::int32_t> top = test::integers_of(golden, "top10.ids");
  const attn::SharedMatrix top_logits = test::tensor(golden, "top10.logits");
  const std::vector<attn::Candidate> found = attn::candidates(logits, {}, 10);
  ASSERT_EQ(found.size(), top.size());
  for (std::size_t i = 0; i < top.size(); ++i) {
    EXPECT_EQ(found[i].id, top[i]) << i;
    EXPECT_NEAR(found[i].logit, top_logits.row(0)(static_cast<Index>(i)), test::kLogits);
  }

  // Token by token, each time with what is known already; at first also without.
  const std::vector<std::int32_t> continuation = test::integers_of(golden, "continuation.ids");
  const attn::SharedMatrix margins = test::tensor(golden, "continuation.margins");
  ASSERT_EQ(continuation.size(), 20U);
  for (std::size_t i = 0; i < continuation.size(); ++i) {
    SCOPED_TRACE("token " + std::to_string(i));
    const attn::Candidate next = attn::sample(logits, {.temperature = 0.0F}, 0, static_cast<Index>(n_prompt + i));
    // Where two are nearly as probable, either may come first.
    if (margins.row(0)(static_cast<Index>(i)) > 0.01F) {
      ASSERT_EQ(next.id, continuation[i]);
    }
    if (i < 3) {
      const ForwardTrace whole = attn::forward(model, {.ids = ids});
      EXPECT_LE(difference(attn::logits_at(*model, whole, whole.n_query - 1), logits), test::kLogits);
    }
    ids.push_back(continuation[i]);
    ForwardTrace longer;
    attn::forward(model, {.ids = ids}, longer, attn::beginning_of(trace, trace.n_query)).finish();
    trace = std::move(longer);
    logits = attn::logits_at(*model, trace, trace.n_query - 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Texts, SmolLm2, testing::Values("capital", "chat", "code"),
                         [](const auto& text) { return std::string(text.param); });

TEST(SmolLm2Memory, GrowsWithTheTextAndNotWithItsSquare) {
  const auto model = test::smollm2();
  const attn::Config& config = model->config;
  const auto bytes_of = [](const ForwardTrace& trace) {
    Index numbers = 0;
    for (const attn::LayerTrace& layer : trace.layers) {
      numbers += layer.query.size() + layer.key.size() + layer.value.size() + layer.rule.bias.size();
      numbers += layer.weights.rows() * layer.weights.cols();
    }
    for (const attn::GrowingMatrix& hidden : trace.hidden) numbers += hidden.size();
    return 4 * numbers;
  };
  // What is promised, and the last layer's result beside it.
  const auto promised = [&](Index n) {
    return 4 * n *
           (config.n_layers * (config.d_model + (config.n_heads + 2 * config.n_kv_heads) * config.d_head) +
            config.d_model);
  };
  const std::vector<std::int32_t> ids(20, 504);
  EXPECT_EQ(bytes_of(attn::forward(model, {.ids = ids})), promised(20));
  EXPECT_LE(promised(2048), 500'000'000);
  EXPECT_GE(config.n_ctx, 2048);
}

/// One of the tiny families as its converter would write it.
class TinyAsGguf {
 public:
  explicit TinyAsGguf(const std::string& family)
      : model_(test::tiny_model(family)), architecture_(attn::text(model_.settings, "model_type")) {
    file_.text("general.architecture", architecture_);
    u32("block_count", "num_hidden_layers");
    u32("embedding_length", "hidden_size");
    u32("feed_forward_length", "intermediate_size");
    u32("context_length", "max_position_embeddings");
    u32("attention.head_count", "num_attention_heads");
    u32("attention.head_count_kv", "num_key_value_heads");
    f32("attention.layer_norm_rms_epsilon", "rms_norm_eps");
    f32("rope.freq_base", "rope_parameters.rope_theta");
    if (attn::has(model_.settings, "head_dim")) {
      u32("attention.key_length", "head_dim");
      u32("attention.value_length", "head_dim");
      u32("rope.dimension_count", "head_dim");
    }
    for (const auto& [name, tensor] : model_.weights.tensors) {
      const std::string gguf = gguf_name(name);
      std::vector<std::uint64_t> lengths;
      for (auto length = tensor.shape.rbegin(); length != tensor.shape.rend(); ++length) {
        lengths.push_back(static_cast<std::uint64_t>(*length));
      }
      std::string data(reinterpret_cast<const char*>(tensor.data.get()), tensor.bytes);
      if (architecture_ == "llama" && gguf.find(".attn_q.") != std::string::npos) {
        data = neighbouring_pairs(data, integer("num_attention_heads"));
      }
      if (architecture_ == "llama" && gguf.find(".attn_k.") != std::string::npos) {
        data = neighbouring_pairs(data, integer("num_key_value_heads"));
      }
      file_.add({.name = gguf, .lengths = lengths, .data = data});
    }
  }

  test::Gguf& file() { return file_; }

  std::shared_ptr<const attn::Model> model() {
    const attn::GgufFile file = attn::read_gguf(test::bytes_of(file_.bytes()), "tiny.gguf");
    return std::make_shared<const attn::Model>(attn::make_model(file.settings, file.checkpoint));
  }

 private:
  [[nodiscard]] std::size_t integer(const std::string& key) const {
    return static_cast<std::size_t>(attn::integer(model_.settings, key, 1, 1 << 20));
  }
  void u32(const std::string& key, const std::string& setting) {
    file_.u32(architecture_ + "." + key, static_cast<std::uint32_t>(integer(setting)));
  }
  void f32(const std::string& key, const std::string& setting) {
    file_.f32(architecture_ + "." + key, static_cast<float>(attn::number_or(model_.settings, setting, 0.0, 1e9, 0.0)));
  }

  static std::string gguf_name(std::string name) {
    const std::pair<std::string, std::string> parts[] = {{"model.layers.", "blk."},
                                                         {"self_attn.q_proj", "attn_q"},
                                                         {"self_attn.k_proj", "attn_k"},
                                                         {"self_attn.v_proj", "attn_v"},
                                                         {"self_attn.o_proj", "attn_output"},
                                                         {"self_attn.q_norm", "attn_q_norm"},
                                                         {"self_attn.k_norm", "attn_k_norm"},
                                                         {"mlp.gate_proj", "ffn_gate"},
                                                         {"mlp.up_proj", "ffn_up"},
                                                         {"mlp.down_proj", "ffn_down"},
                                                         {"input_layernorm", "attn_norm"},
                                                         {"post_attention_layernorm", "ffn_norm"},
                                                         {"model.embed_tokens", "token_embd"},
                                                         {"model.norm", "output_norm"},
                                                         {"lm_head", "output"}};
    for (const auto& [usual, gguf] : parts) {
      const std::size_t at = name.find(usual);
      if (at != std::string::npos) name.replace(at, usual.size(), gguf);
    }
    return name;
  }

  /// Rows of every head: number i of the first half, then its partner of the second, and so on.
  [[nodiscard]] std::string neighbouring_pairs(const std::string& data, std::size_t n_heads) const {
    // Rows of a matrix or numbers of a bias alike: a head has d_head pieces of equal size.
    const std::size_t head_bytes = data.size() / n_heads;
    const std::size_t d_head = attn::has(model_.settings, "head_dim")
                                   ? integer("head_dim")
                                   : integer("hidden_size") / integer("num_attention_heads");
    std::string result;
    for (std::size_t head = 0; head < n_heads; ++head) {
      const std::string rows = data.substr(head * head_bytes, head_bytes);
      const std::size_t half = head_bytes / 2;
      const std::size_t row = head_bytes / d_head;
      for (std::size_t i = 0; i < d_head / 2; ++i)
        result += rows.substr(i * row, row) + rows.substr(half + i * row, row);
    }
    return result;
  }

  test::TinyModel model_;
  std::string architecture_;
  test::Gguf file_;
};

class FamiliesAsGguf : public testing::TestWithParam<const char*> {};

TEST_P(FamiliesAsGguf, AttendAsInTransformers) {
  const std::string family = GetParam();
  const auto model = TinyAsGguf(family).model();
  for (const char* run : {"run", "run_one"}) {
    SCOPED_TRACE(run);
    const attn::Checkpoint golden = test::golden("families/" + family + "/" + run + ".safetensors");
    test::expect_run(*model, attn::forward(model, {.ids = test::ids_of(golden)}), golden);
  }
}

INSTANTIATE_TEST_SUITE_P(Tiny, FamiliesAsGguf, testing::Values("llama", "llama_bias", "qwen2", "qwen3"),
                         [](const auto& family) { return std::string(family.param); });

/// A GGUF of Llama 3 says how its frequencies are slowed down in a tensor of divisors.
TEST(Llama3AsGguf, TakesItsFrequenciesReadyMade) {
  const attn::Checkpoint golden = test::golden("families/llama3/run.safetensors");
  const std::vector<std::int32_t> ids = test::ids_of(golden);
  TinyAsGguf tiny("llama3");
  const auto plain = tiny.model();
  EXPECT_GT(
      difference(attn::forward(plain, {.ids = ids}).hidden.back().view(), test::tensor(golden, "hidden.3").view()),
      1e-3)
      << "without them it is another model";
  std::string divisors;
  for (int i = 0; i < 8; ++i) {
    const double frequency = std::pow(8000.0, -i / 8.0);
    const double waves = 32.0 * frequency / (2.0 * 3.14159265358979323846);
    double divisor = 1.0;
    if (waves < 1.0) divisor = 4.0;
    if (waves >= 1.0 && waves <= 4.0) {
      const double smooth = (waves - 1.0) / (4.0 - 1.0);
      divisor = 1.0 / ((1.0 - smooth) / 4.0 + smooth);
    }
    divisors += test::raw(static_cast<float>(divisor));
  }
  tiny.file().add({.name = "rope_freqs.weight", .lengths = {8}, .data = divisors});
  const auto model = tiny.model();
  test::expect_run(*model, attn::forward(model, {.ids = ids}), golden);
}

TEST(LlamaAsGguf, RefusesDivisorsThatAreNone) {
  TinyAsGguf tiny("llama");
  std::string divisors;
  for (int i = 0; i < 9; ++i) divisors += test::raw(i == 4 ? 0.0F : 1.0F);
  tiny.file().add({.name = "rope_freqs.weight", .lengths = {9}, .data = divisors});
  test::expect_refusal({attn::ErrorCode::kBadFile, "rope_freqs", "above 0", "^0$"}, [&] { tiny.model(); });
}

TEST(LlamaAsGguf, LinearRotationIsTheConfigurationsOwn) {
  const std::vector<std::int32_t> ids = {3, 1, 4, 1, 5, 9, 2, 6};
  TinyAsGguf tiny("llama");
  tiny.file().text("llama.rope.scaling.type", "linear").f32("llama.rope.scaling.factor", 4.0F);
  test::TinyModel usual = test::tiny_model("llama");
  usual.set("rope_parameters.rope_type", "linear");
  usual.set("rope_parameters.factor", 4);
  const ForwardTrace expected = attn::forward(test::make_shared(usual), {.ids = ids});
  EXPECT_LE(difference(attn::forward(tiny.model(), {.ids = ids}).hidden.back().view(), expected.hidden.back().view()),
            test::kHidden);
  const auto plain = test::make_shared(test::tiny_model("llama"));
  EXPECT_GT(difference(attn::forward(plain, {.ids = ids}).hidden.back().view(), expected.hidden.back().view()), 1e-3);
}

}  // namespace
