// Llama's keys and names, read for all who share them.
#include "model/families/llama.h"

#include <cmath>

#include "model/families/rotary_settings.h"

namespace attn {
namespace {

Config read_config(const Settings& settings, const std::string& family) {
  Config config;
  config.family = family;
  config.d_model = static_cast<Index>(integer(settings, "hidden_size", 1, kWidest));
  config.n_layers = static_cast<Index>(integer(settings, "num_hidden_layers", 1, kMostLayers));
  config.n_heads = static_cast<Index>(integer(settings, "num_attention_heads", 1, kMostHeads));
  config.n_kv_heads =
      static_cast<Index>(integer_or(settings, "num_key_value_heads", 1, config.n_heads, config.n_heads));
  config.d_head =
      has(settings, "head_dim") ? static_cast<Index>(integer(settings, "head_dim", 1, kWidest)) : divided_width(config);
  config.d_mlp = static_cast<Index>(integer(settings, "intermediate_size", 1, 4 * kWidest));
  config.n_ctx = static_cast<Index>(integer(settings, "max_position_embeddings", 1, kMostPositions));
  config.n_vocab = static_cast<Index>(integer(settings, "vocab_size", 1, kLargestVocabulary));
  config.causal = true;
  if (config.n_heads % config.n_kv_heads != 0) {
    fail(ErrorCode::kBadConfig, {"Query heads must be divided evenly among key and value heads."},
         {"a multiple of ", config.n_kv_heads}, {config.n_heads});
  }
  return config;
}

/// For every row in the usual order, which row of the file it is: in the file the numbers of a pair are neighbours.
std::vector<Index> usual_order(Index n_heads, Index d_head) {
  std::vector<Index> order;
  for (Index head = 0; head < n_heads; ++head) {
    for (Index i = 0; i < d_head; ++i) {
      const Index half = d_head / 2;
      order.push_back(head * d_head + (i < half ? 2 * i : 2 * (i - half) + 1));
    }
  }
  return order;
}

void reorder(Linear& map, const std::vector<Index>& order) {
  map.w = map.w.reordered(order);
  if (map.bias.size() == 0) return;
  const Vector bias = map.bias;
  for (std::size_t row = 0; row < order.size(); ++row) map.bias(static_cast<Index>(row)) = bias(order[row]);
}

void read_layer(const Tensors& all, Index index, const Config& config, const LlamaKind& kind, float epsilon,
                LayerParameters& layer) {
  const Tensors tensors = all.inside({"layers.", index, "."});
  const auto projection = [&](const char* name, Index d_out) {
    return kind.has_projection_bias ? tensors.affine(name, d_out, config.d_model)
                                    : tensors.linear(name, d_out, config.d_model);
  };
  const Index d_query = config.n_heads * config.d_head;
  const Index d_key = config.n_kv_heads * config.d_head;
  layer.attention.n_heads = config.n_heads;
  layer.attention.n_kv_heads = config.n_kv_heads;
  layer.attention.w_query = projection("self_attn.q_proj", d_query);
  layer.attention.w_key = projection("self_attn.k_proj", d_key);
  layer.attention.w_value = projection("self_attn.v_proj", d_key);
  layer.attention.w_output = tensors.linear("self_attn.o_proj", config.d_model, d_query);
  if (kind.has_neighbouring_pairs) {
    reorder(layer.attention.w_query, usual_order(config.n_heads, config.d_head));
    reorder(layer.attention.w_key, usual_order(config.n_kv_heads, config.d_head));
  }
  if (kind.has_head_norms) {
    layer.query_norm = tensors.rms_norm("self_attn.q_norm", config.d_head, epsilon);
    layer.key_norm = tensors.rms_norm("self_attn.k_norm", config.d_head, epsilon);
  }
  layer.scale = 1.0F / std::sqrt(static_cast<float>(config.d_head));
  layer.window = kind.windows.empty() ? 0 : kind.windows.at(static_cast<std::size_t>(index));
  layer.attention_norm = tensors.rms_norm("input_layernorm", config.d_model, epsilon);
  layer.mlp.w_gate = tensors.linear("mlp.gate_proj", config.d_mlp, config.d_model);
  layer.mlp.w_up = tensors.linear("mlp.up_proj", config.d_mlp, config.d_model);
  layer.mlp.w_down = tensors.linear("mlp.down_proj", config.d_model, config.d_mlp);
  layer.mlp_norm = tensors.rms_norm("post_attention_layernorm", config.d_model, epsilon);
}

}  // namespace

Index sliding_window(const Settings& settings) {
  const bool is_absent = !settings.contains("sliding_window");
  return static_cast<Index>(integer_or(settings, "sliding_window", 1, kMostPositions, is_absent ? 4096 : 0));
}

std::vector<Index> windows_from(const Settings& settings, Index window, std::int64_t first) {
  const std::int64_t n_layers = integer(settings, "num_hidden_layers", 1, kMostLayers);
  std::vector<Index> windows;
  for (std::int64_t layer = 0; layer < n_layers; ++layer) {
    const bool slides = window != 0 && layer >= first;
    const std::string_view kind =
        text_or(settings, {"layer_types.", layer}, slides ? "sliding_attention" : "full_attention");
    if (kind != "full_attention" && kind != "sliding_attention") {
      fail(ErrorCode::kUnsupported, {"Layers of the kind \"", kind, "\" are not supported."},
           {"full_attention or sliding_attention"}, {"\"", kind, "\""});
    }
    if (kind == "sliding_attention" && window == 0) {
      fail(ErrorCode::kBadConfig, {"A layer slides, but the configuration has no sliding_window."}, {"sliding_window"},
           {"none"});
    }
    windows.push_back(kind == "sliding_attention" ? window : 0);
  }
  return windows;
}

Model make_llama_like(const Settings& settings, const Checkpoint& checkpoint, const LlamaKind& kind) {
  Model model{.config = read_config(settings, kind.family), .parameters = {}, .bytes = checkpoint.bytes};
  const Config& config = model.config;
  const auto epsilon = static_cast<float>(number_or(settings, "rms_norm_eps", 0.0, 1.0, 1e-6));
  const Activation activation = activation_of(settings, "hidden_act", "silu");
  const Tensors tensors(checkpoint, checkpoint.find("model.embed_tokens.weight") != nullptr ? "model." : "");

  Parameters& parameters = model.parameters;
  parameters.norm_first = true;
  parameters.rotary = rotary_from(settings, config.d_head);
  const Tensors whole = tensors.whole();
  // A GGUF brings the factors of "llama3" ready made.
  if (whole.has("rope_freqs.weight")) {
    const Vector factors = whole.vector("rope_freqs.weight", config.d_head / 2);
    for (Index i = 0; i < factors.size(); ++i) {
      if (!(factors(i) > 0.0F)) {
        fail(ErrorCode::kBadFile, {"rope_freqs.weight must be positive."}, {"numbers above 0"}, {factors(i)});
      }
      parameters.rotary.frequencies(i) /= factors(i);
    }
  }
  parameters.token_embedding = tensors.matrix("embed_tokens.weight", config.n_vocab, config.d_model);
  for (Index layer = 0; layer < config.n_layers; ++layer) {
    read_layer(tensors, layer, config, kind, epsilon, parameters.layers.emplace_back());
    parameters.layers.back().mlp.activation = activation;
  }
  refuse_more_layers(tensors, {"layers.", config.n_layers, ".self_attn.q_proj.weight"}, config);
  parameters.final_norm = tensors.rms_norm("norm", config.d_model, epsilon);
  // Tied where the checkpoint has none of its own and does not say that there should be one.
  if (whole.has("lm_head.weight")) {
    parameters.head.unembed = whole.linear("lm_head", config.n_vocab, config.d_model);
  } else if (boolean_or(settings, "tie_word_embeddings", false)) {
    parameters.head.unembed.w = parameters.token_embedding;
  }
  return model;
}

Model make_llama(const Settings& settings, const Checkpoint& checkpoint, bool from_gguf) {
  return make_llama_like(settings, checkpoint, {.family = "llama", .has_neighbouring_pairs = from_gguf, .windows = {}});
}

}  // namespace attn
