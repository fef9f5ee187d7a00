// A learned matrix as its file stores it: quantised numbers stay quantised in memory and are expanded a few rows at a
// time, when they are used.
#pragma once

#include <memory>
#include <vector>

#include "linalg/dtype.h"

namespace attn {

/// [rows, cols] numbers of one type, row after row, in memory shared with whoever loaded them. Copies are cheap and
/// show the same numbers. Empty by default.
class WeightMatrix {
 public:
  WeightMatrix() = default;

  /// @param blocks  rows * cols numbers, each row in whole blocks; its owner lives as long as the last copy
  /// @throws Error (bad-file) if a row is no whole number of blocks; (unsupported) for a type that is not computed
  WeightMatrix(Dtype dtype, std::shared_ptr<const std::byte> blocks, Index rows, Index cols);

  /// Takes the matrix over, as F32.
  explicit WeightMatrix(Matrix matrix);

  [[nodiscard]] Index rows() const { return rows_; }
  [[nodiscard]] Index cols() const { return cols_; }
  [[nodiscard]] bool empty() const { return rows_ * cols_ == 0; }
  [[nodiscard]] Dtype dtype() const { return dtype_; }

  /// Whether the numbers can be used where they lie: F32 at an address fit for floats.
  [[nodiscard]] bool is_plain() const { return is_plain_; }

  /// The numbers in place. Only where is_plain.
  [[nodiscard]] MatrixView view() const;

  /// Writes rows from `first` on, as many as `output` has.
  /// @param output  [count, cols]
  void expand_rows(Index first, MatrixOut output) const;

  /// One row, as it is stored.
  [[nodiscard]] const std::byte* blocks(Index row) const {
    return blocks_.get() + static_cast<std::size_t>(row) * row_bytes_;
  }

  /// One row, expanded.
  [[nodiscard]] Vector row(Index row) const;

  /// Some rows, sharing the memory.
  [[nodiscard]] WeightMatrix some_rows(Index first, Index count) const;

  /// A copy with the rows in another order.
  /// @param order  [rows] which row comes at each place
  [[nodiscard]] WeightMatrix reordered(const std::vector<Index>& order) const;

  /// Some columns, sharing the memory.
  /// @throws Error (bad-file) if they do not begin and end with whole blocks
  [[nodiscard]] WeightMatrix columns(Index first, Index count) const;

 private:
  Dtype dtype_ = Dtype::kF32;
  bool is_plain_ = true;
  Index rows_ = 0;
  Index cols_ = 0;
  std::size_t row_bytes_ = 0;  ///< From one row to the next.
  std::shared_ptr<const std::byte> blocks_;
};

}  // namespace attn
