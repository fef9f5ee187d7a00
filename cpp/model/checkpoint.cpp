// Tensors found by name and used in place.
#include "model/checkpoint.h"

#include <utility>

namespace attn {

FileBytes allocate_file(std::size_t size) {
  // An array is left as it is; zeroing 90 MB first would cost as much as reading them.
  return {.data = std::shared_ptr<std::byte[]>(new std::byte[size]), .size = size};
}

Index count_of(const Tensor& tensor) {
  Index count = 1;
  for (const Index length : tensor.shape) count *= length;
  return count;
}

const Tensor* Checkpoint::find(const Part& name) const {
  const auto found = tensors.find(joined({name}));
  return found == tensors.end() ? nullptr : &found->second;
}

WeightMatrix weights_of(const Part& name, const Tensor& tensor, Index rows, Index cols) {
  if (tensor.dtype == Dtype::kOther) {
    fail(ErrorCode::kUnsupported, {"Tensor \"", name, "\" is of type ", tensor.dtype_name, "."},
         {"F32, F16, BF16, Q8_0 or Q4 to Q6"}, {tensor.dtype_name});
  }
  if (count_of(tensor) != rows * cols) {
    fail(ErrorCode::kBadFile, {"Tensor \"", name, "\" has another shape than it should."}, {"[", rows, ", ", cols, "]"},
         {tensor.shape});
  }
  // The file's bytes are floats in this machine's own order (the formats and WebAssembly are all little-endian).
  return {tensor.dtype, tensor.data, rows, cols};
}

SharedMatrix numbers_of(const Part& name, const Tensor& tensor, Index rows, Index cols) {
  const WeightMatrix weights = weights_of(name, tensor, rows, cols);
  if (weights.is_plain()) {
    return {std::shared_ptr<const float>(tensor.data, reinterpret_cast<const float*>(tensor.data.get())), rows, cols};
  }
  Matrix numbers(rows, cols);
  weights.expand_rows(0, numbers);
  return SharedMatrix(std::move(numbers));
}

}  // namespace attn
