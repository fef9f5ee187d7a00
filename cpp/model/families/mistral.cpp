// What Mistral adds to Llama.
#include "model/families/mistral.h"

#include "model/families/llama.h"

namespace attn {

Model make_mistral(const Settings& settings, const Checkpoint& checkpoint) {
  return make_llama_like(settings, checkpoint,
                         {.family = "mistral", .windows = windows_from(settings, sliding_window(settings), 0)});
}

}  // namespace attn
