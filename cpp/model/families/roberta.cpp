// What RoBERTa's checkpoints say differently from BERT's.
#include "model/families/roberta.h"

#include "model/families/bert.h"

namespace attn {
namespace {

OutputHead read_head(const Settings& settings, const Tensors& tensors, const Parameters& parameters,
                     const Config& config) {
  if (!tensors.has("lm_head.dense.weight")) return {};
  const auto epsilon = static_cast<float>(number_or(settings, "layer_norm_eps", 0.0, 1.0, 1e-12));
  OutputHead head;
  head.transform = tensors.affine("lm_head.dense", config.d_model, config.d_model);
  head.activation = Activation::kGelu;  // Whatever hidden_act says.
  head.norm = tensors.layer_norm("lm_head.layer_norm", config.d_model, epsilon);
  const char* own = "lm_head.decoder.weight";
  head.unembed = {
      .w = tensors.has(own) ? tensors.matrix(own, config.n_vocab, config.d_model) : parameters.token_embedding,
      .bias = tensors.vector("lm_head.bias", config.n_vocab, "lm_head.decoder.bias")};
  return head;
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
  const bool has_prefix = checkpoint.find("roberta.embeddings.word_embeddings.weight") != nullptr;
  const Tensors tensors(checkpoint, has_prefix ? "roberta." : "");
  model.parameters = bert_parameters(settings, tensors, config, n_positions);
  model.parameters.padding_id = padding_id;
  model.parameters.head = read_head(settings, tensors.whole(), model.parameters, config);
  return model;
}

}  // namespace attn
