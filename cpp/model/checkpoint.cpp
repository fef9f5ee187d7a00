// Tensors found by name and read as float32, in place where the bytes allow it.
#include "model/checkpoint.h"

#include <bit>
#include <cstring>
#include <utility>

namespace attn {
namespace {

std::uint16_t half_word_at(const std::byte* bytes) {
  std::uint16_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

Matrix expanded(const Tensor& tensor, const std::byte* bytes, Index rows, Index cols) {
  Matrix numbers(rows, cols);
  if (tensor.dtype == Dtype::kF32) {
    if (tensor.bytes > 0) std::memcpy(numbers.data(), bytes, tensor.bytes);
    return numbers;
  }
  const auto convert = tensor.dtype == Dtype::kF16 ? float_from_f16 : float_from_bf16;
  for (Index i = 0; i < numbers.size(); ++i) numbers.data()[i] = convert(half_word_at(bytes + 2 * i));
  return numbers;
}

}  // namespace

FileBytes allocate_file(std::size_t size) {
  // An array is left as it is; zeroing 90 MB first would cost as much as reading them.
  return {.data = std::shared_ptr<std::byte[]>(new std::byte[size]), .size = size};
}

Index count_of(const Tensor& tensor) {
  Index count = 1;
  for (const Index length : tensor.shape) count *= length;
  return count;
}

std::string shape_of(const std::vector<Index>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

const Tensor* Checkpoint::find(const std::string& name) const {
  const auto found = tensors.find(name);
  return found == tensors.end() ? nullptr : &found->second;
}

SharedMatrix numbers_of(const Checkpoint& checkpoint, const std::string& name, const Tensor& tensor, Index rows,
                        Index cols) {
  if (tensor.dtype == Dtype::kOther) {
    throw Error(ErrorCode::kUnsupported, "Tensor \"" + name + "\" is of type " + tensor.dtype_name + ".",
                "F32, F16 or BF16", tensor.dtype_name);
  }
  const std::vector<Index> wanted = {rows, cols};
  if (count_of(tensor) != rows * cols) {
    throw Error(ErrorCode::kBadFile, "Tensor \"" + name + "\" has another shape than it should.", shape_of(wanted),
                shape_of(tensor.shape));
  }
  const std::byte* bytes = checkpoint.file.data.get() + tensor.offset;
  const bool aligned = std::bit_cast<std::uintptr_t>(bytes) % alignof(float) == 0;
  if (tensor.dtype != Dtype::kF32 || !aligned) return SharedMatrix(expanded(tensor, bytes, rows, cols));
  // The file's bytes are floats in this machine's own order (safetensors and WebAssembly are both little-endian).
  const auto* numbers = reinterpret_cast<const float*>(bytes);
  return {std::shared_ptr<const float>(checkpoint.file.data, numbers), rows, cols};
}

float float_from_bf16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16U); }

float float_from_f16(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16U;
  const std::uint32_t exponent = (bits >> 10U) & 0x1FU;
  const std::uint32_t fraction = bits & 0x3FFU;
  if (exponent == 0) {  // Zero and subnormal numbers: fraction * 2^-24.
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return sign == 0 ? magnitude : -magnitude;
  }
  const std::uint32_t wide_exponent = exponent == 0x1F ? 0xFFU : exponent + 112;  // 127 - 15.
  return std::bit_cast<float>(sign | (wide_exponent << 23U) | (fraction << 13U));
}

}  // namespace attn
