// The sizes of a model, in the words of this project.
#pragma once

#include <string>

#include "linalg/matrix.h"

namespace attn {

struct Config {
  std::string family;       ///< "bert", "llama"
  Index n_layers = 0;       ///< Blocks.
  Index n_heads = 0;        ///< Query heads a layer.
  Index n_kv_heads = 0;     ///< Key and value heads a layer; neighbouring query heads share one.
  Index d_model = 0;        ///< Width of the residual stream.
  Index d_head = 0;         ///< Width of a head's query, key or value row.
  Index d_mlp = 0;          ///< Width inside the feed-forward block.
  Index n_ctx = 0;          ///< The longest text, in tokens.
  Index n_vocab = 0;        ///< Token ids are 0 to n_vocab - 1.
  Index n_token_types = 0;  ///< Segments a text may have.
  bool causal = false;      ///< Whether a token sees only what came before it.
};

}  // namespace attn
