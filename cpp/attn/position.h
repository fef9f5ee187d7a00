// How a model tells positions apart.
#pragma once

#include "linalg/weight_matrix.h"

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

/// Adds rows of a learned table to x, from row `first` of the table on.
///
/// @param table  [n_ctx, d_model]
/// @param x      [n, d_model]
/// @throws Error (bad-request) if the widths differ or the table has too few rows
void add_learned_positions(const WeightMatrix& table, Index first, MatrixOut x);

/// How fast the pairs of a query's or key's numbers turn as positions go on.
struct Rotary {
  Vector frequencies;  ///< [d_head / 2] radians a position; empty: nothing turns

  [[nodiscard]] bool empty() const { return frequencies.size() == 0; }
};

/// frequency(i) = theta^(-2 i / d_head)
Rotary rotary_of(Index d_head, double theta);

/// Turns the pairs (i, i + d_head / 2) of every head in the row at position p by the angle p frequency(i):
///
///     x_i             <-  x_i cos - x_(i + d_head / 2) sin
///     x_(i + d_head/2) <- x_(i + d_head / 2) cos + x_i sin
///
/// @param first_position  of the first row
/// @param x               [n, n_heads * d_head]
/// @throws ShapeError if the frequencies do not fit the width
/// Numeric: angles are float32 products, as in the models' training; their sines are exact to float32.
/// Source: Su et al. 2021, "RoFormer", section 3.4.2, with the halves paired as in GPT-NeoX and Llama.
void rotate(const Rotary& rotary, Index first_position, Index n_heads, MatrixOut x);

}  // namespace attn
