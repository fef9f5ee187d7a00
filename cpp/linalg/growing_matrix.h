// A matrix that grows by rows, as a text does by tokens. Copies share what they have in common.
#pragma once

#include <memory>

#include "linalg/matrix.h"

namespace attn {

/// [rows, cols] numbers to which rows can be added. A copy shows the same numbers in the same memory; rows that are
/// added to one of the two are not seen by the other. Adding to the longest of all copies takes no copying while there
/// is room.
class GrowingMatrix {
 public:
  GrowingMatrix() = default;

  /// Takes the matrix over.
  explicit GrowingMatrix(Matrix matrix);

  [[nodiscard]] Index rows() const { return rows_; }
  [[nodiscard]] Index cols() const { return storage_ == nullptr ? 0 : storage_->numbers.cols(); }
  [[nodiscard]] Index size() const { return rows() * cols(); }

  /// The numbers. Valid while this object, or a copy of it, lives.
  [[nodiscard]] MatrixView view() const;

  /// Adds `count` rows of `cols` numbers. They are the caller's to write, before anyone reads them.
  /// @return  [count, cols], valid until rows are added again
  /// @throws ShapeError if there are rows already, of another width
  MatrixOut append(Index count, Index cols);

  /// The first rows, sharing the memory.
  [[nodiscard]] GrowingMatrix top(Index rows) const;

 private:
  struct Storage {
    Matrix numbers;  ///< [capacity, cols]
    Index used = 0;  ///< Rows that some copy shows.
  };

  std::shared_ptr<Storage> storage_;
  Index rows_ = 0;
};

}  // namespace attn
