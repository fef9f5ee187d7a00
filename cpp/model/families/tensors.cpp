// Tensors of a stated shape, under their present or their old name.
#include "model/families/tensors.h"

namespace attn {

SharedMatrix Tensors::shaped(const std::string& name, const std::vector<Index>& shape) const {
  const std::string full_name = prefix_ + name;
  const Tensor* tensor = checkpoint_.find(full_name);
  if (tensor == nullptr) {
    throw Error(ErrorCode::kBadFile, "The weights lack the tensor \"" + full_name + "\".",
                full_name + " " + shape_of(shape), "no tensor of that name");
  }
  if (tensor->shape != shape) {
    throw Error(ErrorCode::kBadFile, "Tensor \"" + full_name + "\" does not have the shape that config.json asks for.",
                shape_of(shape), shape_of(tensor->shape));
  }
  const Index cols = shape.back();
  return numbers_of(checkpoint_, full_name, *tensor, shape.size() == 1 ? 1 : shape.front(), cols);
}

SharedMatrix Tensors::matrix(const std::string& name, Index rows, Index cols) const {
  return shaped(name, {rows, cols});
}

Vector Tensors::vector(const std::string& name, Index size, const std::string& old_name) const {
  const bool is_old = !old_name.empty() && !has(name) && has(old_name);
  return shaped(is_old ? old_name : name, {size}).row(0);
}

Linear Tensors::linear(const std::string& name, Index d_out, Index d_in) const {
  return {.w = matrix(name + ".weight", d_out, d_in), .bias = vector(name + ".bias", d_out)};
}

}  // namespace attn
