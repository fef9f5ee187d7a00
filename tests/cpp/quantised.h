// Matrices of every type that weights come in, from the reference blocks.
#pragma once

#include <array>
#include <string>

#include "golden.h"
#include "linalg/weight_matrix.h"

namespace test {

inline constexpr std::array kComputedTypes = {attn::Dtype::kF32,  attn::Dtype::kF16,  attn::Dtype::kBF16,
                                              attn::Dtype::kQ4_0, attn::Dtype::kQ4_1, attn::Dtype::kQ5_0,
                                              attn::Dtype::kQ5_1, attn::Dtype::kQ8_0, attn::Dtype::kQ4_K,
                                              attn::Dtype::kQ5_K, attn::Dtype::kQ6_K};

struct Quantised {
  attn::WeightMatrix weights;  ///< [8, 512]
  attn::Matrix numbers;        ///< The same, expanded in one go.
};

inline std::size_t bytes_in(attn::Dtype dtype, attn::Index count) {
  const auto [block, bytes] = attn::layout_of(dtype);
  return static_cast<std::size_t>(count / block) * bytes;
}

/// The blocks of tests/golden/gguf/blocks, which dtype_test.cpp holds against their reference.
inline Quantised quantised(attn::Dtype dtype) {
  const attn::Checkpoint file = golden(std::string("gguf/blocks/") + attn::name_of(dtype) + ".safetensors");
  const attn::Tensor& raw = *file.find("raw");
  // Into memory of its own: where it lies in the file depends on the names before it.
  const attn::FileBytes bytes = attn::allocate_file(raw.bytes);
  std::memcpy(bytes.data.get(), raw.data.get(), raw.bytes);
  Quantised result{{dtype, std::shared_ptr<const std::byte>(bytes.data, bytes.data.get()), 8, 512},
                   attn::Matrix(8, 512)};
  attn::expand(dtype, raw.data.get(), 8 * 512, result.numbers.data());
  return result;
}

}  // namespace test
