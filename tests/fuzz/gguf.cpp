// Bytes as a GGUF file, every number of what is read, and a run of it where a model comes of it.
#include "formats/gguf.h"

#include "fuzz.h"
#include "use.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::refuse_or_pass([&] {
    const attn::GgufFile file = attn::read_gguf(fuzz::file_of(data, size), "fuzz.gguf");
    test::expand_all(file.checkpoint);
    test::run_all(file.settings, file.checkpoint);
  });
}
