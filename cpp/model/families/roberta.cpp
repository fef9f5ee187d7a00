// What RoBERTa's checkpoints say differently from BERT's.
#include "model/families/roberta.h"

#include "model/families/bert.h"

namespace attn {
namespace {

constexpr EncoderNames roberta_names() {
  EncoderNames names = kBertNames;
  names.prefix = "roberta.";
  names.transform = "lm_head.dense";
  names.norm = "lm_head.layer_norm";
  names.unembed = "lm_head.decoder";
  names.bias = "lm_head.bias";
  names.old_bias = "lm_head.decoder.bias";
  return names;
}

}  // namespace

Model make_roberta(const Settings& settings, const Checkpoint& checkpoint) {
  Model model{.config = bert_config(settings, "roberta"), .parameters = {}, .bytes = checkpoint.bytes};
  Config& config = model.config;
  const Index n_positions = config.n_ctx;
  const auto padding_id = static_cast<std::int32_t>(integer_or(settings, "pad_token_id", 0, config.n_vocab - 1, 1));
  config.n_ctx = n_positions - (padding_id + 1);
  if (config.n_ctx < 1) {
    fail(ErrorCode::kBadConfig, {"No position is left beside the padding's."},
         {"max_position_embeddings above ", padding_id + 1}, {n_positions});
  }
  // The head has GELU, whatever hidden_act says.
  model.parameters =
      encoder_parameters(checkpoint, roberta_names(), config, n_positions,
                         activation_of(settings, "hidden_act", "gelu"), Activation::kGelu, bert_epsilon(settings));
  model.parameters.padding_id = padding_id;
  return model;
}

}  // namespace attn
