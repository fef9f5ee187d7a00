// Products of two matrices that are both computed while running. One place for them, so that Eigen's kernels are
// compiled once, and faster ones have one place to stand.
#pragma once

#include "linalg/matrix.h"

namespace attn {

/// output = a * b
///
/// @param a       [n, k]
/// @param b       [k, m]
/// @param output  [n, m], overwritten; must not overlap a or b
/// @throws ShapeError if the shapes disagree
/// Cost: 2 n k m floating-point operations.
void product(const MatrixView& a, const MatrixView& b, MatrixOut output);

/// output = a * b^T, with b [m, k]; else as product.
void product_transposed(const MatrixView& a, const MatrixView& b, MatrixOut output);

}  // namespace attn
