// A read-only matrix that keeps the memory it lies in alive: how parameters and saved weights are used where they were
// loaded, without a second copy.
#pragma once

#include <memory>
#include <vector>

#include "linalg/matrix.h"

namespace attn {

/// [rows, cols] numbers, row-major, in memory shared with whoever loaded them. Copies are cheap and show the same
/// numbers. Empty by default.
class SharedMatrix {
 public:
  SharedMatrix() = default;

  /// @param numbers  rows * cols floats, aligned as floats are; its owner lives as long as the last copy
  SharedMatrix(std::shared_ptr<const float> numbers, Index rows, Index cols);

  /// Takes the matrix over.
  explicit SharedMatrix(Matrix matrix);

  [[nodiscard]] Index rows() const { return rows_; }
  [[nodiscard]] Index cols() const { return cols_; }
  [[nodiscard]] bool empty() const { return rows_ * cols_ == 0; }

  /// The numbers. Valid while this object, or a copy of it, lives.
  [[nodiscard]] Eigen::Map<const Matrix> view() const { return {numbers_.get(), rows_, cols_}; }

  /// One row.
  [[nodiscard]] Eigen::Map<const Vector> row(Index row) const { return {numbers_.get() + row * cols_, cols_}; }

 private:
  std::shared_ptr<const float> numbers_;
  Index rows_ = 0;
  Index cols_ = 0;
};

}  // namespace attn
