// DistilBERT's keys and names.
#include "model/families/distilbert.h"

#include "model/families/encoder.h"

namespace attn {
namespace {

constexpr EncoderNames kNames = {.prefix = "distilbert.",
                                 .layer = "transformer.layer.",
                                 .query = "attention.q_lin",
                                 .key = "attention.k_lin",
                                 .value = "attention.v_lin",
                                 .output = "attention.out_lin",
                                 .attention_norm = "sa_layer_norm",
                                 .up = "ffn.lin1",
                                 .down = "ffn.lin2",
                                 .mlp_norm = "output_layer_norm",
                                 .transform = "vocab_transform",
                                 .norm = "vocab_layer_norm",
                                 .unembed = "vocab_projector",
                                 .bias = "vocab_projector.bias",
                                 .old_bias = ""};

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

}  // namespace

Model make_distilbert(const Settings& settings, const Checkpoint& checkpoint) {
  Model model{.config = read_config(settings), .parameters = {}, .bytes = checkpoint.bytes};
  const Activation activation = activation_of(settings, "activation", "gelu");
  model.parameters =
      encoder_parameters(checkpoint, kNames, model.config, model.config.n_ctx, activation, activation, kEpsilon);
  return model;
}

}  // namespace attn
