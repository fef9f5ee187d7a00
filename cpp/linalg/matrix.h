// The matrix types of the library, and the error for shapes that do not fit together.
#pragma once

#include <Eigen/Core>
#include <string>

#include "linalg/error.h"

namespace attn {

using Index = Eigen::Index;

/// Row-major: one row is one token, and memory order is that of a JavaScript Float32Array.
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::Matrix<float, 1, Eigen::Dynamic, Eigen::RowMajor>;

/// A read-only argument: binds to a Matrix, to foreign memory or to some of its rows or columns, without a copy.
using MatrixView = Eigen::Ref<const Matrix, 0, Eigen::OuterStride<>>;

/// A place for results: binds to a Matrix, or to some of its rows or columns.
using MatrixOut = Eigen::Ref<Matrix, 0, Eigen::OuterStride<>>;

/// "[rows, cols]", for messages.
std::string shape_of(const MatrixView& matrix);

/// Two shapes that an operation cannot combine: an Error (bad-request) whose message is "<rule>: [r, c] and [r, c]".
class ShapeError : public Error {
 public:
  ShapeError(const std::string& rule, const MatrixView& left, const MatrixView& right);
  ShapeError(const std::string& rule, const std::string& left, const std::string& right);
};

}  // namespace attn
