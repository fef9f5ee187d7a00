// config.json's keys and the checkpoint's names for BERT, and refusals of the variants that are not built in.
#include "model/families/bert.h"

namespace attn {

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

float bert_epsilon(const Settings& settings) {
  return static_cast<float>(number_or(settings, "layer_norm_eps", 0.0, 1.0, 1e-12));
}

Model make_bert(const Settings& settings, const Checkpoint& checkpoint) {
  Model model{.config = bert_config(settings, "bert"), .parameters = {}, .bytes = checkpoint.bytes};
  const Activation activation = activation_of(settings, "hidden_act", "gelu");
  model.parameters = encoder_parameters(checkpoint, kBertNames, model.config, model.config.n_ctx, activation,
                                        activation, bert_epsilon(settings));
  return model;
}

}  // namespace attn
