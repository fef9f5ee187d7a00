// GPT-2's keys and names.
#include "model/families/gpt2.h"

#include <cmath>

#include "model/families/reading.h"

namespace attn {
namespace {

Config read_config(const Settings& settings) {
  require_false(settings, "add_cross_attention");
  Config config;
  config.family = "gpt2";
  config.d_model = static_cast<Index>(integer(settings, "n_embd", 1, kWidest));
  config.n_layers = static_cast<Index>(integer(settings, "n_layer", 1, kMostLayers));
  config.n_heads = static_cast<Index>(integer(settings, "n_head", 1, kMostHeads));
  config.d_mlp = static_cast<Index>(integer_or(settings, "n_inner", 1, 4 * kWidest, 4 * config.d_model));
  config.n_ctx =
      static_cast<Index>(integer(settings, has(settings, "n_positions") ? "n_positions" : "n_ctx", 1, kMostPositions));
  config.n_vocab = static_cast<Index>(integer(settings, "vocab_size", 1, kLargestVocabulary));
  config.n_kv_heads = config.n_heads;
  config.d_head = divided_width(config);
  config.causal = true;
  return config;
}

float epsilon_of(const Settings& settings) {
  return static_cast<float>(number_or(settings, "layer_norm_epsilon", 0.0, 1.0, 1e-5));
}

/// name.weight [d_in, d_out] and name.bias [d_out].
Linear input_major(const Tensors& tensors, const Part& name, Index d_in, Index d_out) {
  return {.w = tensors.matrix({name, ".weight"}, d_in, d_out),
          .bias = tensors.vector({name, ".bias"}, d_out),
          .input_major = true};
}

void read_layer(const Settings& settings, const Tensors& all, Index index, const Config& config,
                LayerParameters& layer) {
  const Tensors tensors = all.inside({"h.", index, "."});
  const float epsilon = epsilon_of(settings);
  const Index d_model = config.d_model;
  const Linear all_three = input_major(tensors, "attn.c_attn", d_model, 3 * d_model);
  layer.attention.n_heads = config.n_heads;
  layer.attention.n_kv_heads = config.n_kv_heads;
  layer.attention.w_query = outputs_of(all_three, 0, d_model);
  layer.attention.w_key = outputs_of(all_three, d_model, d_model);
  layer.attention.w_value = outputs_of(all_three, 2 * d_model, d_model);
  layer.attention.w_output = input_major(tensors, "attn.c_proj", d_model, d_model);
  if (boolean_or(settings, "scale_attn_weights", true)) {
    layer.scale = 1.0F / std::sqrt(static_cast<float>(config.d_head));
  }
  if (boolean_or(settings, "scale_attn_by_inverse_layer_idx", false)) layer.scale /= static_cast<float>(index + 1);
  layer.attention_norm = tensors.layer_norm("ln_1", d_model, epsilon);
  layer.mlp.activation = activation_of(settings, "activation_function", "gelu_new");
  layer.mlp.w_up = input_major(tensors, "mlp.c_fc", d_model, config.d_mlp);
  layer.mlp.w_down = input_major(tensors, "mlp.c_proj", config.d_mlp, d_model);
  layer.mlp_norm = tensors.layer_norm("ln_2", d_model, epsilon);
}

}  // namespace

Model make_gpt2(const Settings& settings, const Checkpoint& checkpoint) {
  Model model{.config = read_config(settings), .parameters = {}, .bytes = checkpoint.bytes};
  const Config& config = model.config;
  const Tensors tensors(checkpoint, checkpoint.find("transformer.wte.weight") != nullptr ? "transformer." : "");

  Parameters& parameters = model.parameters;
  parameters.norm_first = true;
  parameters.token_embedding = tensors.matrix("wte.weight", config.n_vocab, config.d_model);
  parameters.position_embedding = tensors.matrix("wpe.weight", config.n_ctx, config.d_model);
  for (Index layer = 0; layer < config.n_layers; ++layer) {
    read_layer(settings, tensors, layer, config, parameters.layers.emplace_back());
  }
  refuse_more_layers(tensors, {"h.", config.n_layers, ".attn.c_attn.weight"}, config);
  parameters.final_norm = tensors.layer_norm("ln_f", config.d_model, epsilon_of(settings));
  parameters.head.unembed.w =
      tensors.whole().matrix_or("lm_head.weight", config.n_vocab, config.d_model, parameters.token_embedding);
  return model;
}

}  // namespace attn
