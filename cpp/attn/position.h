// How a model tells positions apart.
#pragma once

#include "linalg/shared_matrix.h"

namespace attn {

/// The fixed sines and cosines of the paper:
///
///     p(t, 2i)     = sin(t / 10000^(2i / d_model))
///     p(t, 2i + 1) = cos(t / 10000^(2i / d_model))
///
/// @return  [n, d_model], each number within 1e-6 of its value for n up to 100,000 (angles are taken in double)
/// @throws Error (bad-request) if n is negative or d_model is not positive
/// Source: Vaswani et al. 2017, section 3.5.
Matrix sinusoidal_positions(Index n, Index d_model);

/// Adds the first rows of a learned table to x.
///
/// @param table  [n_ctx, d_model]
/// @param x      [n, d_model]
/// @throws ShapeError if the widths differ or n exceeds n_ctx
void add_learned_positions(const SharedMatrix& table, MatrixOut x);

}  // namespace attn
