// DistilBERT's keys and names.
#include "model/families/distilbert.h"

#include <cmath>

#include "model/families/reading.h"

namespace attn {
namespace {

constexpr float kEpsilon = 1e-12F;  // No setting says it.

Config read_config(const Settings& settings) {
  Config config;
  config.family = "distilbert";
  config.d_model = static_cast<Index>(integer(settings, "dim", 1, kWidest));
  config.n_layers = static_cast<Index>(integer(settings, "n_layers", 1, kMostLayers));
  config.n_heads = static_cast<Index>(integer(settings, "n_heads", 1, kMostHeads));
  config.d_mlp = static_cast<Index>(integer(settings, "hidden_dim", 1, kWidest));
  config.n_ctx = static_cast<Index>(integer(settings, "max_position_embeddings", 1, kMostPositions));
  config.n_vocab = static_cast<Index>(integer(settings, "vocab_size", 1, kLargestVocabulary));
  config.n_kv_heads = config.n_heads;
  config.d_head = divided_width(config);
  return config;
}

LayerParameters read_layer(const Settings& settings, const Tensors& all, Index layer, const Config& config) {
  const Tensors tensors = all.inside({"transformer.layer.", layer, "."});
  const Index d_model = config.d_model;
  LayerParameters parameters;
  parameters.attention = {.n_heads = config.n_heads,
                          .n_kv_heads = config.n_kv_heads,
                          .w_query = tensors.affine("attention.q_lin", d_model, d_model),
                          .w_key = tensors.affine("attention.k_lin", d_model, d_model),
                          .w_value = tensors.affine("attention.v_lin", d_model, d_model),
                          .w_output = tensors.affine("attention.out_lin", d_model, d_model)};
  parameters.scale = 1.0F / std::sqrt(static_cast<float>(config.d_head));
  parameters.attention_norm = tensors.layer_norm("sa_layer_norm", d_model, kEpsilon);
  parameters.mlp = {.activation = activation_of(settings, "activation", "gelu"),
                    .w_gate = {},
                    .w_up = tensors.affine("ffn.lin1", config.d_mlp, d_model),
                    .w_down = tensors.affine("ffn.lin2", d_model, config.d_mlp)};
  parameters.mlp_norm = tensors.layer_norm("output_layer_norm", d_model, kEpsilon);
  return parameters;
}

OutputHead read_head(const Settings& settings, const Tensors& tensors, const Parameters& parameters,
                     const Config& config) {
  if (!tensors.has("vocab_transform.weight")) return {};
  OutputHead head;
  head.transform = tensors.affine("vocab_transform", config.d_model, config.d_model);
  head.activation = activation_of(settings, "activation", "gelu");
  head.norm = tensors.layer_norm("vocab_layer_norm", config.d_model, kEpsilon);
  const char* own = "vocab_projector.weight";
  head.unembed = {
      .w = tensors.has(own) ? tensors.matrix(own, config.n_vocab, config.d_model) : parameters.token_embedding,
      .bias = tensors.vector("vocab_projector.bias", config.n_vocab)};
  return head;
}

}  // namespace

Model make_distilbert(const Settings& settings, const Checkpoint& checkpoint) {
  Model model{.config = read_config(settings), .parameters = {}, .bytes = checkpoint.bytes};
  const Config& config = model.config;
  const bool has_prefix = checkpoint.find("distilbert.embeddings.word_embeddings.weight") != nullptr;
  const Tensors tensors(checkpoint, has_prefix ? "distilbert." : "");

  Parameters& parameters = model.parameters;
  parameters.token_embedding = tensors.matrix("embeddings.word_embeddings.weight", config.n_vocab, config.d_model);
  parameters.position_embedding = tensors.matrix("embeddings.position_embeddings.weight", config.n_ctx, config.d_model);
  parameters.embedding_norm = tensors.layer_norm("embeddings.LayerNorm", config.d_model, kEpsilon);
  for (Index layer = 0; layer < config.n_layers; ++layer) {
    parameters.layers.push_back(read_layer(settings, tensors, layer, config));
  }
  refuse_more_layers(tensors, {"transformer.layer.", config.n_layers, ".attention.q_lin.weight"}, config);
  parameters.head = read_head(settings, tensors.whole(), parameters, config);
  return model;
}

}  // namespace attn
