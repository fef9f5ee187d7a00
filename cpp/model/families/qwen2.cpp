// What Qwen2 adds to Llama.
#include "model/families/qwen2.h"

#include "model/families/llama.h"

namespace attn {

std::vector<Index> qwen_windows(const Settings& settings) {
  const auto n_layers = static_cast<std::size_t>(integer(settings, "num_hidden_layers", 1, kMostLayers));
  const bool slides = boolean_or(settings, "use_sliding_window", false);
  const auto first = static_cast<std::size_t>(integer_or(settings, "max_window_layers", 0, kWidest, 28));
  const Index window = slides ? sliding_window(settings) : 0;
  std::vector<bool> sliding(n_layers);
  for (std::size_t layer = 0; layer < n_layers; ++layer) sliding[layer] = window != 0 && layer >= first;
  return windows_from(settings, window, sliding);
}

Model make_qwen2(const Settings& settings, const Checkpoint& checkpoint) {
  return make_llama_like(settings, checkpoint,
                         {.family = "qwen2", .has_projection_bias = true, .windows = qwen_windows(settings)});
}

}  // namespace attn
