// Bytes as a safetensors file, and every number of what is read.
#include "formats/safetensors.h"

#include "fuzz.h"
#include "use.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::refuse_or_pass([&] {
    attn::Checkpoint checkpoint = attn::read_safetensors(fuzz::file_of(data, size), "fuzz.safetensors");
    test::expand_all(checkpoint);
    attn::merge_shards({checkpoint});
  });
}
