// The learned numbers of a transformer, as its forward pass uses them.
#pragma once

#include <vector>

#include "attn/mlp.h"
#include "attn/multi_head.h"
#include "attn/norm.h"
#include "model/config.h"

namespace attn {

struct LayerParameters {
  MultiHeadParameters attention;
  NormParameters attention_norm;
  MlpParameters mlp;
  NormParameters mlp_norm;
};

struct Parameters {
  SharedMatrix token_embedding;     ///< [n_vocab, d_model]
  SharedMatrix position_embedding;  ///< [n_ctx, d_model]
  SharedMatrix type_embedding;      ///< [n_token_types, d_model]
  NormParameters embedding_norm;
  std::vector<LayerParameters> layers;
};

/// A model that can run. The parameters lie in the memory of the file they came from and keep it alive.
struct Model {
  Config config;
  Parameters parameters;
  std::size_t bytes = 0;  ///< Size of the file in memory.
};

}  // namespace attn
