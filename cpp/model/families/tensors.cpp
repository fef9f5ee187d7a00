// Tensors of a stated shape, under their present or their old name.
#include "model/families/tensors.h"

namespace attn {

const Tensor& Tensors::shaped(const Part& name, const std::vector<Index>& shape) const {
  const std::string full_name = joined({prefix_, name});
  const Tensor* tensor = checkpoint_.find(full_name);
  if (tensor == nullptr) {
    fail(ErrorCode::kBadFile, {"The weights lack the tensor \"", full_name, "\"."}, {full_name, " ", shape},
         {"no tensor of that name"});
  }
  if (tensor->shape != shape) {
    fail(ErrorCode::kBadFile, {"Tensor \"", full_name, "\" does not have the shape that the configuration says."},
         {shape}, {tensor->shape});
  }
  return *tensor;
}

WeightMatrix Tensors::matrix(const Part& name, Index rows, Index cols) const {
  return weights_of({prefix_, name}, shaped(name, {rows, cols}), rows, cols);
}

Vector Tensors::vector(const Part& name, Index size, const Part& old_name) const {
  const bool is_old = !has(name) && has(old_name);
  const Part& found = is_old ? old_name : name;
  return weights_of({prefix_, found}, shaped(found, {size}), 1, size).row(0);
}

Linear Tensors::linear(const Part& name, Index d_out, Index d_in) const {
  Linear map{.w = matrix({name, ".weight"}, d_out, d_in), .bias = {}};
  if (has({name, ".bias"})) map.bias = vector({name, ".bias"}, d_out);
  return map;
}

Linear Tensors::affine(const Part& name, Index d_out, Index d_in) const {
  return {.w = matrix({name, ".weight"}, d_out, d_in), .bias = vector({name, ".bias"}, d_out)};
}

NormParameters Tensors::layer_norm(const Part& name, Index width, float epsilon) const {
  return {.gain = vector({name, ".weight"}, width, {name, ".gamma"}),
          .bias = vector({name, ".bias"}, width, {name, ".beta"}),
          .epsilon = epsilon,
          .kind = NormKind::kLayer};
}

NormParameters Tensors::rms_norm(const Part& name, Index width, float epsilon) const {
  return {.gain = vector({name, ".weight"}, width), .bias = {}, .epsilon = epsilon, .kind = NormKind::kRms};
}

}  // namespace attn
