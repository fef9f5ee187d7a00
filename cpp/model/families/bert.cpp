// config.json's keys and the checkpoint's names for BERT, and refusals of the variants that are not built in.
#include "model/families/bert.h"

#include "model/families/tensors.h"

namespace attn {
namespace {

// More than any published model has; what lies beyond is a damaged or hostile file.
constexpr std::int64_t kMostLayers = 256;
constexpr std::int64_t kMostHeads = 256;
constexpr std::int64_t kWidest = 65536;
constexpr std::int64_t kMostTokens = 1 << 20;
constexpr std::int64_t kMostTypes = 1024;
constexpr std::int64_t kLargestVocabulary = 1 << 24;

void require_text(const Settings& settings, const std::string& key, const std::string& only) {
  const std::string found = text_or(settings, key, only);
  if (found == only) return;
  throw Error(ErrorCode::kUnsupported, "config.json asks for " + key + " \"" + found + "\", which is not supported.",
              key + " \"" + only + '"', '"' + found + '"');
}

void require_false(const Settings& settings, const std::string& key) {
  if (!boolean_or(settings, key, false)) return;
  throw Error(ErrorCode::kUnsupported, "config.json asks for " + key + ", which is not supported.", key + " false",
              "true");
}

Config read_config(const Settings& settings) {
  require_text(settings, "hidden_act", "gelu");
  require_text(settings, "position_embedding_type", "absolute");
  require_false(settings, "is_decoder");
  require_false(settings, "add_cross_attention");

  Config config;
  config.family = "bert";
  config.d_model = static_cast<Index>(integer(settings, "hidden_size", 1, kWidest));
  config.n_layers = static_cast<Index>(integer(settings, "num_hidden_layers", 1, kMostLayers));
  config.n_heads = static_cast<Index>(integer(settings, "num_attention_heads", 1, kMostHeads));
  config.d_mlp = static_cast<Index>(integer(settings, "intermediate_size", 1, kWidest));
  config.n_ctx = static_cast<Index>(integer(settings, "max_position_embeddings", 1, kMostTokens));
  config.n_vocab = static_cast<Index>(integer(settings, "vocab_size", 1, kLargestVocabulary));
  config.n_token_types = static_cast<Index>(integer(settings, "type_vocab_size", 1, kMostTypes));
  config.norm_epsilon = static_cast<float>(number_or(settings, "layer_norm_eps", 0.0, 1.0, 1e-12));
  if (config.d_model % config.n_heads != 0) {
    throw Error(ErrorCode::kBadConfig, "config.json: hidden_size must be a multiple of num_attention_heads.",
                "a multiple of " + std::to_string(config.n_heads), std::to_string(config.d_model));
  }
  config.n_kv_heads = config.n_heads;
  config.d_head = config.d_model / config.n_heads;
  return config;
}

NormParameters read_norm(const Tensors& tensors, const std::string& name, const Config& config) {
  return {.gain = tensors.vector(name + ".weight", config.d_model, name + ".gamma"),
          .bias = tensors.vector(name + ".bias", config.d_model, name + ".beta"),
          .epsilon = config.norm_epsilon};
}

LayerParameters read_layer(const Tensors& tensors, Index layer, const Config& config) {
  const std::string prefix = "encoder.layer." + std::to_string(layer) + ".";
  const std::string relative = prefix + "attention.self.distance_embedding.weight";
  if (tensors.has(relative)) {
    throw Error(ErrorCode::kUnsupported, "The weights hold relative positions, which are not supported.",
                "absolute positions alone", relative);
  }
  const Index d_model = config.d_model;
  return {.attention = {.n_heads = config.n_heads,
                        .n_kv_heads = config.n_kv_heads,
                        .w_query = tensors.linear(prefix + "attention.self.query", d_model, d_model),
                        .w_key = tensors.linear(prefix + "attention.self.key", d_model, d_model),
                        .w_value = tensors.linear(prefix + "attention.self.value", d_model, d_model),
                        .w_output = tensors.linear(prefix + "attention.output.dense", d_model, d_model)},
          .attention_norm = read_norm(tensors, prefix + "attention.output.LayerNorm", config),
          .mlp = {.w_up = tensors.linear(prefix + "intermediate.dense", config.d_mlp, d_model),
                  .w_down = tensors.linear(prefix + "output.dense", d_model, config.d_mlp)},
          .mlp_norm = read_norm(tensors, prefix + "output.LayerNorm", config)};
}

}  // namespace

Model make_bert(const Settings& settings, const Checkpoint& checkpoint) {
  Model model{.config = read_config(settings), .parameters = {}, .bytes = checkpoint.file.size};
  const Config& config = model.config;
  const std::string first = "embeddings.word_embeddings.weight";
  const Tensors tensors(checkpoint, checkpoint.find("bert." + first) != nullptr ? "bert." : "");

  Parameters& parameters = model.parameters;
  parameters.token_embedding = tensors.matrix(first, config.n_vocab, config.d_model);
  parameters.position_embedding = tensors.matrix("embeddings.position_embeddings.weight", config.n_ctx, config.d_model);
  parameters.type_embedding =
      tensors.matrix("embeddings.token_type_embeddings.weight", config.n_token_types, config.d_model);
  parameters.embedding_norm = read_norm(tensors, "embeddings.LayerNorm", config);
  for (Index layer = 0; layer < config.n_layers; ++layer) {
    parameters.layers.push_back(read_layer(tensors, layer, config));
  }
  const std::string beyond = "encoder.layer." + std::to_string(config.n_layers) + ".attention.self.query.weight";
  if (tensors.has(beyond)) {
    throw Error(ErrorCode::kBadConfig, "config.json has fewer layers than the weights.",
                std::to_string(config.n_layers) + " layers", "a tensor " + beyond);
  }
  return model;
}

}  // namespace attn
