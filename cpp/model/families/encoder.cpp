// The tensors of an encoder, taken by the names that its family has for them.
#include "model/families/encoder.h"

#include <cmath>

namespace attn {

Parameters encoder_parameters(const Checkpoint& checkpoint, const EncoderNames& names, const Config& config,
                              Index n_positions, Activation activation, Activation head_activation, float epsilon) {
  const Index d_model = config.d_model;
  const bool has_prefix = checkpoint.find({names.prefix, "embeddings.word_embeddings.weight"}) != nullptr;
  const Tensors tensors(checkpoint, has_prefix ? names.prefix : "");
  Parameters parameters;
  parameters.token_embedding = tensors.matrix("embeddings.word_embeddings.weight", config.n_vocab, d_model);
  parameters.position_embedding = tensors.matrix("embeddings.position_embeddings.weight", n_positions, d_model);
  if (config.n_token_types > 0) {
    parameters.type_embedding =
        tensors.matrix("embeddings.token_type_embeddings.weight", config.n_token_types, d_model);
  }
  parameters.embedding_norm = tensors.layer_norm("embeddings.LayerNorm", d_model, epsilon);

  for (Index l = 0; l < config.n_layers; ++l) {
    const Tensors inside = tensors.inside({names.layer, l, "."});
    if (inside.has("attention.self.distance_embedding.weight")) {
      fail(ErrorCode::kUnsupported, {"The weights hold relative positions, which are not supported."},
           {"absolute positions alone"}, {names.layer, l, ".attention.self.distance_embedding.weight"});
    }
    LayerParameters& layer = parameters.layers.emplace_back();
    layer.attention.n_heads = config.n_heads;
    layer.attention.n_kv_heads = config.n_kv_heads;
    layer.attention.w_query = inside.affine(names.query, d_model, d_model);
    layer.attention.w_key = inside.affine(names.key, d_model, d_model);
    layer.attention.w_value = inside.affine(names.value, d_model, d_model);
    layer.attention.w_output = inside.affine(names.output, d_model, d_model);
    layer.scale = 1.0F / std::sqrt(static_cast<float>(config.d_head));
    layer.attention_norm = inside.layer_norm(names.attention_norm, d_model, epsilon);
    layer.mlp.activation = activation;
    layer.mlp.w_up = inside.affine(names.up, config.d_mlp, d_model);
    layer.mlp.w_down = inside.affine(names.down, d_model, config.d_mlp);
    layer.mlp_norm = inside.layer_norm(names.mlp_norm, d_model, epsilon);
  }
  refuse_more_layers(tensors, {names.layer, config.n_layers, ".", names.query, ".weight"}, config);

  const Tensors whole = tensors.whole();
  if (!whole.has({names.transform, ".weight"})) return parameters;
  OutputHead& head = parameters.head;
  head.transform = whole.affine(names.transform, d_model, d_model);
  head.activation = head_activation;
  head.norm = whole.layer_norm(names.norm, d_model, epsilon);
  head.unembed.w = whole.matrix_or({names.unembed, ".weight"}, config.n_vocab, d_model, parameters.token_embedding);
  head.unembed.bias = whole.vector(names.bias, config.n_vocab, names.old_bias);
  return parameters;
}

}  // namespace attn
