// Bytes as blocks of quantised numbers: the first byte chooses their type.
#include <vector>

#include "fuzz.h"
#include "linalg/dtype.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  return fuzz::refuse_or_pass([&] {
    const auto dtype = static_cast<attn::Dtype>(data[0] % (static_cast<int>(attn::Dtype::kOther) + 1));
    const auto [block, bytes] = attn::layout_of(dtype);
    // In a piece of memory of just that size, so that a byte too many is seen.
    const std::size_t n_blocks = (size - 1) / bytes;
    const std::vector<std::uint8_t> blocks(data + 1, data + 1 + n_blocks * bytes);
    std::vector<float> numbers(n_blocks * static_cast<std::size_t>(block));
    attn::expand(dtype, reinterpret_cast<const std::byte*>(blocks.data()), static_cast<attn::Index>(numbers.size()),
                 numbers.data());
  });
}
