// The learned numbers of a transformer, as its forward pass uses them. What a model does not have is empty.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "attn/mlp.h"
#include "attn/multi_head.h"
#include "attn/norm.h"
#include "attn/position.h"
#include "model/config.h"

namespace attn {

struct LayerParameters {
  MultiHeadParameters attention;
  NormParameters query_norm;  ///< [d_head] of every head's query, before it turns; and so the key's.
  NormParameters key_norm;
  float scale = 1.0F;  ///< What multiplies query . key.
  Index window = 0;    ///< How many keys a query sees, its own included; 0: all that the model lets it see.
  NormParameters attention_norm;
  MlpParameters mlp;
  NormParameters mlp_norm;
};

/// From the last hidden state to logits over the vocabulary.
struct OutputHead {
  Linear transform;  ///< [d_model, d_model] of masked language models
  Activation activation = Activation::kGelu;
  NormParameters norm;
  Linear unembed;  ///< [n_vocab, d_model]

  [[nodiscard]] bool empty() const { return unembed.w.empty(); }
};

struct Parameters {
  WeightMatrix token_embedding;     ///< [n_vocab, d_model]
  WeightMatrix position_embedding;  ///< [positions, d_model]
  /// RoBERTa counts positions from padding_id + 1 on, and padding keeps the position padding_id.
  std::optional<std::int32_t> padding_id;
  WeightMatrix type_embedding;  ///< [n_token_types, d_model]
  NormParameters embedding_norm;
  Rotary rotary;
  bool norm_first = false;  ///< x + f(norm(x)) instead of norm(x + f(x)).
  std::vector<LayerParameters> layers;
  NormParameters final_norm;
  OutputHead head;
};

/// A model that can run. The parameters lie in the memory of the files they came from and keep it alive.
struct Model {
  Config config;
  Parameters parameters;
  std::size_t bytes = 0;  ///< Size of the files in memory.
};

}  // namespace attn
