// What Qwen3 does otherwise than Qwen2. A head is 128 wide where the configuration does not say.
#include "model/families/qwen3.h"

#include "model/families/llama.h"
#include "model/families/qwen2.h"

namespace attn {

Model make_qwen3(const Settings& settings, const Checkpoint& checkpoint) {
  Settings complete = settings;
  if (!has(settings, "head_dim")) complete["head_dim"] = std::int64_t{128};
  return make_llama_like(complete, checkpoint,
                         {.family = "qwen3", .has_head_norms = true, .windows = qwen_windows(settings)});
}

}  // namespace attn
