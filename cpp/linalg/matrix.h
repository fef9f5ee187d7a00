// The matrix types of the library, and the error for shapes that do not fit together.
#pragma once

#include <Eigen/Core>
#include <string_view>

#include "linalg/error.h"

namespace attn {

using Index = Eigen::Index;

/// Row-major: one row is one token, and memory order is that of a JavaScript Float32Array.
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::Matrix<float, 1, Eigen::Dynamic, Eigen::RowMajor>;

/// A read-only argument: a Matrix, foreign memory, or some of its rows or columns, without a copy. Eigen's Ref would
/// do, but has room for a copy of what does not fit, and code to make and free it wherever one is passed.
class MatrixView : public Eigen::Map<const Matrix, 0, Eigen::OuterStride<>> {
  using Base = Eigen::Map<const Matrix, 0, Eigen::OuterStride<>>;

 public:
  MatrixView() : Base(nullptr, 0, 0, Eigen::OuterStride<>(0)) {}

  // NOLINTNEXTLINE(google-explicit-constructor): as a Ref would take them.
  template <typename Rows>
  MatrixView(const Eigen::MatrixBase<Rows>& rows)
      : Base(rows.derived().data(), rows.rows(), rows.cols(), Eigen::OuterStride<>(rows.derived().outerStride())) {
    static_assert(Rows::IsRowMajor && Rows::InnerStrideAtCompileTime == 1);
  }
};

/// A place for results: binds to a Matrix, or to some of its rows or columns.
using MatrixOut = Eigen::Ref<Matrix, 0, Eigen::OuterStride<>>;

// Eigen writes its loops anew wherever one expression is assigned to another. Where no time goes, these do.

/// Writes `from` over `to`, which is as large.
void copy(const MatrixView& from, MatrixOut to);

/// Adds `what` to `to`, which is as large.
void add(const MatrixView& what, MatrixOut to);

Matrix copy_of(const MatrixView& rows);

/// The largest of the numbers without their signs; infinity if one is no number.
float largest_size(const MatrixView& numbers);

/// One row of a matrix.
Vector row_of(const MatrixView& matrix, Index row);

/// The shape of anything that has rows and columns.
struct Shape {
  template <typename Rows>
  Shape(const Rows& matrix) : Shape(matrix.rows(), matrix.cols()) {}  // NOLINT(google-explicit-constructor)
  Shape(Index rows, Index cols) : numbers{rows, cols} {}

  Index numbers[2];
};

/// Two shapes that an operation cannot combine.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// Throws a ShapeError (bad-request) whose message is "<rule>: [r, c] and [r, c]".
[[noreturn]] void fail_shapes(std::string_view rule, const Shape& left, const Shape& right);

}  // namespace attn
