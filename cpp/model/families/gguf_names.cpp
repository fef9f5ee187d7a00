// Two tables of names, and what GGUF leaves unsaid.
#include "model/families/gguf_names.h"

#include <array>
#include <string_view>
#include <utility>

#include "linalg/error.h"

namespace attn {
namespace {

using Names = std::pair<std::string_view, std::string_view>;

constexpr std::array<std::string_view, 3> kArchitectures = {"llama", "qwen2", "qwen3"};

// Keys after the architecture's name.
constexpr std::array<Names, 9> kSettings = {{
    {"block_count", "num_hidden_layers"},
    {"embedding_length", "hidden_size"},
    {"feed_forward_length", "intermediate_size"},
    {"context_length", "max_position_embeddings"},
    {"attention.head_count", "num_attention_heads"},
    {"attention.head_count_kv", "num_key_value_heads"},
    {"attention.layer_norm_rms_epsilon", "rms_norm_eps"},
    {"attention.key_length", "head_dim"},
    {"rope.freq_base", "rope_theta"},
}};

constexpr std::array<Names, 3> kTensors = {{
    {"token_embd.weight", "model.embed_tokens.weight"},
    {"output_norm.weight", "model.norm.weight"},
    {"output.weight", "lm_head.weight"},
}};

// Between "blk.N." and ".weight" or ".bias".
constexpr std::array<Names, 11> kLayerTensors = {{
    {"attn_norm", "input_layernorm"},
    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},
    {"attn_output", "self_attn.o_proj"},
    {"attn_q_norm", "self_attn.q_norm"},
    {"attn_k_norm", "self_attn.k_norm"},
    {"ffn_norm", "post_attention_layernorm"},
    {"ffn_gate", "mlp.gate_proj"},
    {"ffn_up", "mlp.up_proj"},
    {"ffn_down", "mlp.down_proj"},
}};

constexpr std::string_view kBlock = "blk.";

std::string usual_name(const std::string& name) {
  for (const auto& [gguf, usual] : kTensors) {
    if (name == gguf) return std::string(usual);
  }
  if (!name.starts_with(kBlock)) return name;
  const std::size_t layer_end = name.find('.', kBlock.size());
  const std::size_t last_dot = name.rfind('.');
  if (layer_end == std::string::npos || last_dot <= layer_end) return name;
  const std::string_view part = std::string_view(name).substr(layer_end + 1, last_dot - layer_end - 1);
  for (const auto& [gguf, usual] : kLayerTensors) {
    if (part != gguf) continue;
    const std::string_view layer = std::string_view(name).substr(kBlock.size(), layer_end - kBlock.size());
    return joined({"model.layers.", layer, ".", usual, std::string_view(name).substr(last_dot)});
  }
  return name;
}

[[noreturn]] void refuse(const Parts& what, const Parts& expected, const Parts& found) {
  fail(ErrorCode::kUnsupported, {"This GGUF's ", what, " is not supported."}, expected, found);
}

}  // namespace

bool is_gguf(const Settings& settings) { return settings.contains("general.architecture"); }

Settings usual_settings(const Settings& gguf, const Checkpoint& checkpoint) {
  const std::string architecture(text(gguf, "general.architecture"));
  bool is_known = false;
  for (const std::string_view known : kArchitectures) is_known = is_known || architecture == known;
  if (!is_known) refuse({"architecture \"", architecture, "\""}, {"llama, qwen2 or qwen3"}, {"\"", architecture, "\""});

  const std::string prefix = architecture + ".";
  Settings usual;
  usual["model_type"] = architecture;
  for (const auto& [key, name] : kSettings) {
    const auto found = gguf.find(joined({prefix, key}));
    if (found != gguf.end()) usual[std::string(name)] = found->second;
  }
  if (!has(usual, "rms_norm_eps")) {
    fail(ErrorCode::kBadConfig, {"The GGUF lacks \"", prefix, "attention.layer_norm_rms_epsilon\"."}, {"a number"},
         {"nothing"});
  }
  usual["hidden_act"] = std::string("silu");
  usual["tie_word_embeddings"] = true;  // Its converter leaves out what is tied.

  const Tensor* embedding = checkpoint.find("token_embd.weight");
  if (embedding == nullptr || embedding->shape.size() != 2) {
    fail(ErrorCode::kBadFile, {"The GGUF lacks the tensor \"token_embd.weight\"."}, {"[n_vocab, d_model]"},
         {"no matrix of that name"});
  }
  usual["vocab_size"] = static_cast<std::int64_t>(embedding->shape.front());

  // A factor without a kind is linear; older files have another name for it.
  const char* factor = has(gguf, {prefix, "rope.scaling.factor"}) ? "rope.scaling.factor" : "rope.scale_linear";
  const std::string_view scaling =
      text_or(gguf, {prefix, "rope.scaling.type"}, has(gguf, {prefix, factor}) ? "linear" : "none");
  if (scaling == "linear") {
    usual["rope_scaling"] = NestedSetting{};
    usual["rope_scaling.rope_type"] = std::string(scaling);
    usual["rope_scaling.factor"] = number_or(gguf, {prefix, factor}, 0.0, 1e9, 1.0);
  } else if (scaling != "none") {
    refuse({"rotation of the kind \"", scaling, "\""}, {"none or linear"}, {"\"", scaling, "\""});
  }
  // What would change the numbers and is not built in.
  if (!boolean_or(gguf, {prefix, "attention.causal"}, true)) {
    refuse({"setting attention.causal"}, {"true"}, {prefix, "attention.causal false"});
  }
  for (const char* key : {"expert_count", "attention.sliding_window", "attn_logit_softcapping", "logit_scale"}) {
    if (number_or(gguf, {prefix, key}, -1.0, 1e12, 0.0) != 0.0) {
      refuse({"setting ", key}, {"none"}, {prefix, key});
    }
  }
  const std::int64_t d_value = integer_or(gguf, {prefix, "attention.value_length"}, 1, 1 << 20, 0);
  const std::int64_t d_key = integer_or(gguf, {prefix, "attention.key_length"}, 1, 1 << 20, 0);
  if (d_value != d_key) refuse({"value width"}, {d_key}, {d_value});
  const std::int64_t n_heads = integer(gguf, {prefix, "attention.head_count"}, 1, 1 << 20);
  const std::int64_t d_head = d_key != 0 ? d_key : integer(gguf, {prefix, "embedding_length"}, 1, 1 << 20) / n_heads;
  const std::int64_t rotated = integer_or(gguf, {prefix, "rope.dimension_count"}, 1, 1 << 20, d_head);
  if (rotated != d_head) {
    refuse({"rotation of a part of the width"}, {d_head}, {rotated});
  }
  return usual;
}

Checkpoint usual_names(const Checkpoint& gguf) {
  Checkpoint usual{.metadata = gguf.metadata, .tensors = {}, .bytes = gguf.bytes};
  for (const auto& [name, tensor] : gguf.tensors) {
    if (!usual.tensors.emplace(usual_name(name), tensor).second) {
      fail(ErrorCode::kBadFile, {"Two tensors of the GGUF mean the same."}, {"every tensor once"}, {name});
    }
  }
  return usual;
}

}  // namespace attn
