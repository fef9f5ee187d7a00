// Recognises what people save by mistake in place of a model's file.
#pragma once

#include <string>
#include <string_view>

namespace attn {

/// Returns if `bytes` begins like none of the kinds known here.
///
/// @param bytes  the beginning of a file, a few hundred bytes or more
/// @param what   names the file in messages: "model.safetensors"
/// @throws Error (not-a-model) for a Git LFS pointer, a web page, an archive, a Python pickle, a picture, GGUF's
///         predecessors and other known binaries
void refuse_disguised(std::string_view bytes, const std::string& what);

}  // namespace attn
