// What Mistral adds to Llama.
#include "model/families/mistral.h"

#include "model/families/llama.h"

namespace attn {

Model make_mistral(const Settings& settings, const Checkpoint& checkpoint) {
  const auto n_layers = static_cast<std::size_t>(integer(settings, "num_hidden_layers", 1, kMostLayers));
  const Index window = sliding_window(settings);
  return make_llama_like(
      settings, checkpoint,
      {.family = "mistral", .windows = windows_from(settings, window, std::vector<bool>(n_layers, window != 0))});
}

}  // namespace attn
