// Reads and writes safetensors: eight bytes of length, a JSON header of that length, then the tensors' bytes.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/checkpoint.h"

namespace attn {

inline constexpr std::size_t kLargestHeader = 16U << 20U;  ///< Bytes. The format's own limit is 100,000,000.
inline constexpr std::size_t kMostTensors = 65536;
inline constexpr std::size_t kMostDimensions = 8;

/// Reads the header and checks it against the file; the tensors stay where they are.
///
/// Accepted: header entries in any order, white space around the header, empty tensors and scalars, no tensor at all,
/// every dtype that the format knows (what can be computed with is decided when a tensor is used), any alignment.
///
/// @param name  names the file in messages: "model.safetensors"
/// @throws Error (bad-file) for anything that breaks the format: a header that is cut off, longer than the file or not
///         a strict JSON object; a key twice; unknown, missing or surplus fields of an entry; sizes that overflow or
///         disagree with shape and dtype; tensors that overlap, leave a hole or do not end with the file; metadata that
///         is not text
/// @throws Error (too-large) beyond the limits above, or a tensor beyond what memory can address
/// @throws Error (not-a-model, unsupported) for another kind of file (disguise.h)
Checkpoint read_safetensors(FileBytes file, const std::string& name);

/// The parts of a checkpoint that was split into several files, as one. Of metadata that differ, the first part's
/// count.
/// @throws Error (bad-file) if two parts hold a tensor of the same name; (too-large) beyond kMostTensors
Checkpoint merge_shards(std::vector<Checkpoint> shards);

/// The bytes of a file with these F32 tensors, in order of their names. The data start at a multiple of 8 bytes.
/// Deterministic: equal content gives equal bytes.
/// @param tensors  name, shape and numbers; the numbers must be as many as the shape says
std::string write_safetensors(const std::map<std::string, std::string>& metadata,
                              const std::map<std::string, std::pair<std::vector<Index>, SharedMatrix>>& tensors);

}  // namespace attn
