// model_type decides.
#include "model/families/family.h"

#include "model/families/bert.h"
#include "model/families/distilbert.h"
#include "model/families/gguf_names.h"
#include "model/families/gpt2.h"
#include "model/families/llama.h"
#include "model/families/mistral.h"
#include "model/families/qwen2.h"
#include "model/families/qwen3.h"
#include "model/families/roberta.h"

namespace attn {
namespace {

Model make(const Settings& settings, const Checkpoint& checkpoint, bool from_gguf) {
  const std::string_view family = text(settings, "model_type");
  if (family == "bert") return make_bert(settings, checkpoint);
  if (family == "roberta") return make_roberta(settings, checkpoint);
  if (family == "distilbert") return make_distilbert(settings, checkpoint);
  if (family == "gpt2") return make_gpt2(settings, checkpoint);
  if (family == "llama") return make_llama(settings, checkpoint, from_gguf);
  if (family == "mistral") return make_mistral(settings, checkpoint);
  if (family == "qwen2") return make_qwen2(settings, checkpoint);
  if (family == "qwen3") return make_qwen3(settings, checkpoint);
  fail(ErrorCode::kUnsupported, {"Models of the type \"", family, "\" are not supported yet."},
       {"bert, roberta, distilbert, gpt2, llama, mistral, qwen2 or qwen3"}, {"\"", family, "\""});
}

}  // namespace

Model make_model(const Settings& settings, const Checkpoint& checkpoint) {
  if (!is_gguf(settings)) return make(settings, checkpoint, false);
  return make(usual_settings(settings, checkpoint), usual_names(checkpoint), true);
}

}  // namespace attn
