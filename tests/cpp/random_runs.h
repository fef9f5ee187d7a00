// Runs of random numbers, for what looks at traces.
#pragma once

#include "golden.h"
#include "model/trace.h"

namespace test {

/// @param n_kv_heads  divides n_heads
inline attn::ForwardTrace random_run(attn::Index n_layers, attn::Index n_heads, attn::Index n_kv_heads,
                                     attn::Index n_tokens, bool causal, std::uint64_t seed) {
  constexpr attn::Index kWidth = 4;
  Random random(seed);
  attn::ForwardTrace trace;
  trace.n_heads = n_heads;
  trace.n_kv_heads = n_kv_heads;
  trace.n_query = trace.n_key = n_tokens;
  trace.causal = causal;
  for (attn::Index layer = 0; layer < n_layers; ++layer) {
    attn::LayerTrace one;
    one.query = attn::GrowingMatrix(random.matrix(n_tokens, n_heads * kWidth, 3.0F));
    one.key = attn::GrowingMatrix(random.matrix(n_tokens, n_kv_heads * kWidth, 3.0F));
    one.value = attn::GrowingMatrix(random.matrix(n_tokens, n_kv_heads * kWidth));
    one.rule = attn::scaled_by_width(kWidth, causal ? attn::causal_mask() : attn::Mask{});
    trace.layers.push_back(one);
  }
  return trace;
}

}  // namespace test
