// Bytes as a config.json beside the weights of a small model, and a run where they fit each other.
#include <fstream>
#include <iterator>

#include "formats/hf_config.h"
#include "formats/safetensors.h"
#include "fuzz.h"
#include "use.h"

namespace {

attn::Checkpoint read_weights() {
  std::ifstream stream(HEADLIGHT_GOLDEN "/families/llama/model.safetensors", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  return attn::read_safetensors(fuzz::file_of(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()),
                                "model.safetensors");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const attn::Checkpoint kWeights = read_weights();
  return fuzz::refuse_or_pass([&] {
    const attn::Settings settings = attn::read_config({reinterpret_cast<const char*>(data), size});
    test::run_all(settings, kWeights);
  });
}
