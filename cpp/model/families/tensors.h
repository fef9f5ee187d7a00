// How a family takes the tensors it needs out of a checkpoint.
#pragma once

#include <optional>
#include <string>

#include "attn/norm.h"
#include "linalg/linear.h"
#include "model/checkpoint.h"

namespace attn {

/// Takes tensors by name, without the prefix that some savers put in front of all names.
class Tensors {
 public:
  /// @param prefix  what stands in front of every name, "bert." or nothing
  Tensors(const Checkpoint& checkpoint, std::string prefix) : checkpoint_(checkpoint), prefix_(std::move(prefix)) {}

  /// The same checkpoint, with names as they stand.
  [[nodiscard]] Tensors whole() const { return {checkpoint_, ""}; }

  /// Those whose names begin with `beginning` beside the prefix.
  [[nodiscard]] Tensors inside(const Part& beginning) const { return {checkpoint_, joined({prefix_, beginning})}; }

  [[nodiscard]] bool has(const Part& name) const { return checkpoint_.find({prefix_, name}) != nullptr; }

  /// [rows, cols], as it is stored.
  /// @throws Error (bad-file) if there is none or it has another shape; (unsupported) for a dtype that is not computed
  [[nodiscard]] WeightMatrix matrix(const Part& name, Index rows, Index cols) const;

  /// The same, or `otherwise` where there is none.
  [[nodiscard]] WeightMatrix matrix_or(const Part& name, Index rows, Index cols, const WeightMatrix& otherwise) const {
    return has(name) ? matrix(name, rows, cols) : otherwise;
  }

  /// [size]; the numbers are copied. `old_name` is tried where `name` is missing.
  [[nodiscard]] Vector vector(const Part& name, Index size, const Part& old_name = "") const;

  /// name.weight [d_out, d_in], and name.bias [d_out] where the checkpoint has one.
  [[nodiscard]] Linear linear(const Part& name, Index d_out, Index d_in) const;

  /// The same, and an error if there is no bias.
  [[nodiscard]] Linear affine(const Part& name, Index d_out, Index d_in) const;

  /// name.weight and name.bias [width], or by their old names gamma and beta.
  [[nodiscard]] NormParameters layer_norm(const Part& name, Index width, float epsilon) const;

  /// name.weight [width]
  [[nodiscard]] NormParameters rms_norm(const Part& name, Index width, float epsilon) const;

 private:
  [[nodiscard]] const Tensor& shaped(const Part& name, const std::vector<Index>& shape) const;

  const Checkpoint& checkpoint_;
  std::string prefix_;
};

}  // namespace attn
