// A file of named tensors in memory, whatever container it came in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "linalg/shared_matrix.h"
#include "linalg/weight_matrix.h"

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

struct Tensor {
  Dtype dtype = Dtype::kOther;
  std::string_view dtype_name;            ///< As the file writes it, for messages.
  std::vector<Index> shape;               ///< Outermost first; empty for a scalar. The product fits an Index.
  std::shared_ptr<const std::byte> data;  ///< In the file's memory, which it keeps alive.
  std::size_t bytes = 0;                  ///< That many belong to it.
};

/// The number of elements.
Index count_of(const Tensor& tensor);

struct Checkpoint {
  std::map<std::string, std::string> metadata;
  std::map<std::string, Tensor> tensors;
  std::size_t bytes = 0;  ///< Of all its files in memory.

  /// @return null if there is none of that name
  [[nodiscard]] const Tensor* find(const Part& name) const;
};

/// The tensor as [rows, cols], used where it lies and as it is stored.
///
/// @param name  for messages
/// @throws Error (unsupported) for a dtype that is not computed, naming it; (bad-file) unless rows * cols is the number
///         of elements and each row is a whole number of blocks
WeightMatrix weights_of(const Part& name, const Tensor& tensor, Index rows, Index cols);

/// All the tensor's numbers in order, seen as [rows, cols]. F32 is used where it lies in the file, unless the file is
/// so badly aligned that it must be copied; anything else is expanded. Throws as weights_of does.
SharedMatrix numbers_of(const Part& name, const Tensor& tensor, Index rows, Index cols);

}  // namespace attn
