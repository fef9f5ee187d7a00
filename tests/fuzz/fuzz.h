// What the fuzzers share: bytes as a file, and the one thing that may go wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "linalg/error.h"
#include "model/checkpoint.h"

namespace fuzz {

inline attn::FileBytes file_of(const std::uint8_t* data, std::size_t size) {
  attn::FileBytes file = attn::allocate_file(size);
  if (size > 0) std::memcpy(file.data.get(), data, size);
  return file;
}

/// Runs `work`. An attn::Error that says what is wrong is a refusal, as it should be; anything else ends the fuzzer.
template <typename Work>
int refuse_or_pass(const Work& work) {
  try {
    work();
  } catch (const attn::Error& error) {
    if (std::string(error.what()).empty()) std::abort();
  }
  return 0;
}

}  // namespace fuzz
