// What Mistral adds to Llama.
#include "model/families/mistral.h"

#include "model/families/llama.h"

namespace attn {

Model make_mistral(const Settings& settings, const Checkpoint& checkpoint) {
  const auto n_layers = static_cast<std::size_t>(integer(settings, "num_hidden_layers", 1, kMostLayers));
  // Absent it is 4096, null it is none.
  const bool is_absent = !settings.contains("sliding_window");
  const auto window =
      static_cast<Index>(integer_or(settings, "sliding_window", 1, kMostPositions, is_absent ? 4096 : 0));
  return make_llama_like(
      settings, checkpoint,
      {.family = "mistral", .windows = windows_from(settings, window, std::vector<bool>(n_layers, window != 0))});
}

}  // namespace attn
