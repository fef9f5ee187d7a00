// How a family takes the tensors it needs out of a checkpoint.
#pragma once

#include <optional>
#include <string>

#include "linalg/linear.h"
#include "model/checkpoint.h"

namespace attn {

/// Takes tensors by name, without the prefix that some savers put in front of all names.
class Tensors {
 public:
  /// @param prefix  what stands in front of every name, "bert." or nothing
  Tensors(const Checkpoint& checkpoint, std::string prefix) : checkpoint_(checkpoint), prefix_(std::move(prefix)) {}

  [[nodiscard]] bool has(const std::string& name) const { return checkpoint_.find(prefix_ + name) != nullptr; }

  /// [rows, cols].
  /// @throws Error (bad-file) if there is none or it has another shape; (unsupported) for a dtype that is not computed
  [[nodiscard]] SharedMatrix matrix(const std::string& name, Index rows, Index cols) const;

  /// [size]; the numbers are copied. `old_name` is tried where `name` is missing.
  [[nodiscard]] Vector vector(const std::string& name, Index size, const std::string& old_name = {}) const;

  /// name.weight [d_out, d_in] and name.bias [d_out].
  [[nodiscard]] Linear linear(const std::string& name, Index d_out, Index d_in) const;

 private:
  [[nodiscard]] SharedMatrix shaped(const std::string& name, const std::vector<Index>& shape) const;

  const Checkpoint& checkpoint_;
  std::string prefix_;
};

}  // namespace attn
