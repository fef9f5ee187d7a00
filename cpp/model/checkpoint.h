// A file of named tensors in memory, whatever container it came in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "linalg/shared_matrix.h"

namespace attn {

/// Memory that a file was read into. One allocation; tensors are used where they lie in it.
struct FileBytes {
  std::shared_ptr<std::byte[]> data;
  std::size_t size = 0;

  [[nodiscard]] std::span<const std::byte> view() const { return {data.get(), size}; }
};

/// Room for a file of `size` bytes, not yet filled.
/// @throws std::bad_alloc
FileBytes allocate_file(std::size_t size);

/// How a tensor's numbers are stored. kOther: a type that the container knows and this core does not compute with.
enum class Dtype { kF32, kF16, kBF16, kOther };

struct Tensor {
  Dtype dtype = Dtype::kOther;
  std::string dtype_name;    ///< As the file writes it, for messages.
  std::vector<Index> shape;  ///< Outermost first; empty for a scalar. The product fits an Index.
  std::size_t offset = 0;    ///< Of the first byte in the file.
  std::size_t bytes = 0;     ///< Offset and bytes lie within the file.
};

/// The number of elements.
Index count_of(const Tensor& tensor);

/// "[12, 24, 24]"
std::string shape_of(const std::vector<Index>& shape);

struct Checkpoint {
  std::map<std::string, std::string> metadata;
  std::map<std::string, Tensor> tensors;
  FileBytes file;

  /// @return null if there is none of that name
  [[nodiscard]] const Tensor* find(const std::string& name) const;
};

/// All the tensor's numbers in order, seen as [rows, cols]. F32 is used where it lies in the file, unless the file is
/// so badly aligned that it must be copied; F16 and BF16 are expanded, which is exact.
///
/// @param name  for messages
/// @throws Error (unsupported) for any other dtype, naming it
/// @throws Error (bad-file) unless rows * cols is the number of elements
SharedMatrix numbers_of(const Checkpoint& checkpoint, const std::string& name, const Tensor& tensor, Index rows,
                        Index cols);

/// The float with the same value.
float float_from_f16(std::uint16_t bits);
float float_from_bf16(std::uint16_t bits);

}  // namespace attn
