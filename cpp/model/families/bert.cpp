// config.json's keys and the checkpoint's names for BERT, and refusals of the variants that are not built in.
#include "model/families/bert.h"

#include <cmath>

namespace attn {
namespace {

float epsilon_of(const Settings& settings) {
  return static_cast<float>(number_or(settings, "layer_norm_eps", 0.0, 1.0, 1e-12));
}

LayerParameters read_layer(const Settings& settings, const Tensors& all, Index layer, const Config& config) {
  const Tensors tensors = all.inside({"encoder.layer.", layer, "."});
  const std::string relative = "attention.self.distance_embedding.weight";
  if (tensors.has(relative)) {
    fail(ErrorCode::kUnsupported, {"The weights hold relative positions, which are not supported."},
         {"absolute positions alone"}, {relative});
  }
  const Index d_model = config.d_model;
  const float epsilon = epsilon_of(settings);
  LayerParameters parameters;
  parameters.attention = {.n_heads = config.n_heads,
                          .n_kv_heads = config.n_kv_heads,
                          .w_query = tensors.affine("attention.self.query", d_model, d_model),
                          .w_key = tensors.affine("attention.self.key", d_model, d_model),
                          .w_value = tensors.affine("attention.self.value", d_model, d_model),
                          .w_output = tensors.affine("attention.output.dense", d_model, d_model)};
  parameters.scale = 1.0F / std::sqrt(static_cast<float>(config.d_head));
  parameters.attention_norm = tensors.layer_norm("attention.output.LayerNorm", d_model, epsilon);
  parameters.mlp = {.activation = activation_of(settings, "hidden_act", "gelu"),
                    .w_gate = {},
                    .w_up = tensors.affine("intermediate.dense", config.d_mlp, d_model),
                    .w_down = tensors.affine("output.dense", d_model, config.d_mlp)};
  parameters.mlp_norm = tensors.layer_norm("output.LayerNorm", d_model, epsilon);
  return parameters;
}

/// The head of a masked language model.
OutputHead read_head(const Settings& settings, const Tensors& tensors, const Parameters& parameters,
                     const Config& config) {
  if (!tensors.has("cls.predictions.transform.dense.weight")) return {};
  OutputHead head;
  head.transform = tensors.affine("cls.predictions.transform.dense", config.d_model, config.d_model);
  head.activation = activation_of(settings, "hidden_act", "gelu");
  head.norm = tensors.layer_norm("cls.predictions.transform.LayerNorm", config.d_model, epsilon_of(settings));
  const char* own = "cls.predictions.decoder.weight";
  head.unembed = {
      .w = tensors.has(own) ? tensors.matrix(own, config.n_vocab, config.d_model) : parameters.token_embedding,
      .bias = tensors.vector("cls.predictions.bias", config.n_vocab, "cls.predictions.decoder.bias")};
  return head;
}

}  // namespace

Config bert_config(const Settings& settings, const std::string& family) {
  require_text(settings, "position_embedding_type", "absolute");
  require_false(settings, "is_decoder");
  require_false(settings, "add_cross_attention");

  Config config;
  config.family = family;
  config.d_model = static_cast<Index>(integer(settings, "hidden_size", 1, kWidest));
  config.n_layers = static_cast<Index>(integer(settings, "num_hidden_layers", 1, kMostLayers));
  config.n_heads = static_cast<Index>(integer(settings, "num_attention_heads", 1, kMostHeads));
  config.d_mlp = static_cast<Index>(integer(settings, "intermediate_size", 1, kWidest));
  config.n_ctx = static_cast<Index>(integer(settings, "max_position_embeddings", 1, kMostPositions));
  config.n_vocab = static_cast<Index>(integer(settings, "vocab_size", 1, kLargestVocabulary));
  config.n_token_types = static_cast<Index>(integer(settings, "type_vocab_size", 1, kMostTypes));
  config.n_kv_heads = config.n_heads;
  config.d_head = divided_width(config);
  return config;
}

Parameters bert_parameters(const Settings& settings, const Tensors& tensors, const Config& config, Index n_positions) {
  Parameters parameters;
  parameters.token_embedding = tensors.matrix("embeddings.word_embeddings.weight", config.n_vocab, config.d_model);
  parameters.position_embedding = tensors.matrix("embeddings.position_embeddings.weight", n_positions, config.d_model);
  parameters.type_embedding =
      tensors.matrix("embeddings.token_type_embeddings.weight", config.n_token_types, config.d_model);
  parameters.embedding_norm = tensors.layer_norm("embeddings.LayerNorm", config.d_model, epsilon_of(settings));
  for (Index layer = 0; layer < config.n_layers; ++layer) {
    parameters.layers.push_back(read_layer(settings, tensors, layer, config));
  }
  refuse_more_layers(tensors, {"encoder.layer.", config.n_layers, ".attention.self.query.weight"}, config);
  return parameters;
}

Model make_bert(const Settings& settings, const Checkpoint& checkpoint) {
  Model model{.config = bert_config(settings, "bert"), .parameters = {}, .bytes = checkpoint.bytes};
  const bool has_prefix = checkpoint.find("bert.embeddings.word_embeddings.weight") != nullptr;
  const Tensors tensors(checkpoint, has_prefix ? "bert." : "");
  model.parameters = bert_parameters(settings, tensors, model.config, model.config.n_ctx);
  model.parameters.head = read_head(settings, tensors.whole(), model.parameters, model.config);
  return model;
}

}  // namespace attn
