// Settings that decide whether a model can be computed at all.
#include "model/families/reading.h"

namespace attn {
namespace {

[[noreturn]] void refuse(const Part& key, const Parts& expected, const Parts& found) {
  fail(ErrorCode::kUnsupported, {"The configuration asks for ", key, " ", found, ", which is not supported."},
       {key, " ", expected}, found);
}

}  // namespace

void require_text(const Settings& settings, const Part& key, std::string_view only) {
  const std::string_view found = text_or(settings, key, only);
  if (found != only) refuse(key, {"\"", only, "\""}, {"\"", found, "\""});
}

void require_false(const Settings& settings, const Part& key) {
  if (boolean_or(settings, key, false)) refuse(key, {"false"}, {"true"});
}

Activation activation_of(const Settings& settings, const Part& key, std::string_view otherwise) {
  const std::string_view found = text_or(settings, key, otherwise);
  if (found == "gelu") return Activation::kGelu;
  if (found == "gelu_new" || found == "gelu_pytorch_tanh") return Activation::kGeluTanh;
  if (found == "silu" || found == "swish") return Activation::kSilu;
  if (found == "relu") return Activation::kRelu;
  refuse(key, {"gelu, gelu_new, silu or relu"}, {"\"", found, "\""});
}

Index divided_width(const Config& config) {
  if (config.d_model % config.n_heads == 0) return config.d_model / config.n_heads;
  fail(ErrorCode::kBadConfig, {"The model's width must be a multiple of its number of heads."},
       {"a multiple of ", config.n_heads}, {config.d_model});
}

void refuse_more_layers(const Tensors& tensors, const Part& tensor_beyond, const Config& config) {
  if (!tensors.has(tensor_beyond)) return;
  fail(ErrorCode::kBadConfig, {"The configuration has fewer layers than the weights."}, {config.n_layers, " layers"},
       {"a tensor ", tensor_beyond});
}

}  // namespace attn
