// Bytes as a trace file, and every head of what is read.
#include "formats/safetensors.h"
#include "formats/trace_file.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::refuse_or_pass([&] {
    const attn::Checkpoint checkpoint = attn::read_safetensors(fuzz::file_of(data, size), "fuzz.safetensors");
    const attn::TraceFile file = attn::read_trace(checkpoint, "fuzz.safetensors");
    for (attn::Index layer = 0; layer < file.trace.n_layers(); ++layer) {
      for (attn::Index head = 0; head < file.trace.n_heads; ++head) {
        if (!attn::head_weights(file.trace, layer, head).allFinite()) std::abort();
      }
    }
    attn::write_weights(file);
  });
}
