// model_type decides.
#include "model/families/family.h"

#include "model/families/bert.h"

namespace attn {

Model make_model(const Settings& settings, const Checkpoint& checkpoint) {
  const std::string family = text(settings, "model_type");
  if (family == "bert") return make_bert(settings, checkpoint);
  throw Error(ErrorCode::kUnsupported, "Models of the type \"" + family + "\" are not supported yet.",
              "model_type \"bert\"", '"' + family + '"');
}

}  // namespace attn
