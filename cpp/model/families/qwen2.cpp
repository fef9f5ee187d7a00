// What Qwen2 adds to Llama.
#include "model/families/qwen2.h"

#include "model/families/llama.h"

namespace attn {

std::vector<Index> qwen_windows(const Settings& settings) {
  const bool slides = boolean_or(settings, "use_sliding_window", false);
  const std::int64_t first = integer_or(settings, "max_window_layers", 0, kWidest, 28);
  return windows_from(settings, slides ? sliding_window(settings) : 0, first);
}

Model make_qwen2(const Settings& settings, const Checkpoint& checkpoint) {
  return make_llama_like(settings, checkpoint,
                         {.family = "qwen2", .has_projection_bias = true, .windows = qwen_windows(settings)});
}

}  // namespace attn
