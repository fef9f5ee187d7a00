// Files that were good until a seed changed them, and what to do with those that a reader still takes.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "golden.h"
#include "model/families/family.h"
#include "model/transformer.h"

namespace test {

/// How many mutations of each format are tried: $HEADLIGHT_MUTATIONS, or 5,000.
inline int mutation_count() {
  constexpr int kUsual = 5000;
  const char* wanted = std::getenv("HEADLIGHT_MUTATIONS");
  return wanted == nullptr ? kUsual : std::max(1, std::atoi(wanted));
}

/// One to four changes within the first `n_spoilt` bytes: bytes, whole numbers, pieces taken out, doubled or put in
/// from elsewhere; sometimes the end is cut off.
inline std::string mutated(std::string bytes, std::size_t n_spoilt, Random& random) {
  constexpr std::array<std::uint64_t, 10> kNumbers = {0,          1,          31,         0x7F,        0xFFFF,
                                                      0x7FFFFFFF, 0xFFFFFFFF, 0x10000000, ~0ULL >> 1U, ~0ULL};
  const auto place = [&] {
    const std::size_t end = std::max<std::size_t>(1, std::min(n_spoilt, bytes.size()));
    return static_cast<std::size_t>(random.index(0, static_cast<attn::Index>(end) - 1));
  };
  for (attn::Index change = random.index(1, 4); change > 0 && !bytes.empty(); --change) {
    const std::size_t at = place();
    const auto length = std::min(bytes.size() - at, static_cast<std::size_t>(random.index(1, 16)));
    switch (random.index(0, 9)) {
      case 0: {
        const std::uint64_t number = kNumbers[static_cast<std::size_t>(random.index(0, kNumbers.size() - 1))];
        const std::size_t width = std::size_t{1} << static_cast<unsigned>(random.index(0, 3));
        std::memcpy(bytes.data() + at, &number, std::min(width, bytes.size() - at));
        break;
      }
      case 1:
        bytes.erase(at, length);
        break;
      case 2:
        bytes.insert(at, bytes.substr(at, length));
        break;
      case 3:
        bytes.replace(at, length, bytes.substr(place(), length));
        break;
      case 4:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.index(0, 7)));
        break;
      case 5:
        if (random.index(0, 9) == 0) bytes.resize(at);
        break;
      default:
        bytes[at] = static_cast<char>(random.index(0, 255));
    }
  }
  return bytes;
}

/// Gives `use` every mutation. It must return or throw attn::Error, and some of both must happen.
inline void survive_mutations(const std::vector<std::string>& seeds, std::uint64_t seed,
                              const std::function<void(const std::string&)>& use,
                              const std::function<std::size_t(const std::string&)>& n_spoilt = {}) {
  Random random(seed);
  const int count = mutation_count();
  int accepted = 0;
  for (int round = 0; round < count; ++round) {
    const std::string& good = seeds[static_cast<std::size_t>(round) % seeds.size()];
    const std::string bytes = mutated(good, n_spoilt ? n_spoilt(good) : good.size(), random);
    try {
      use(bytes);
      ++accepted;
    } catch (const attn::Error& error) {
      const std::string message = error.what();
      EXPECT_TRUE(std::any_of(message.begin(), message.end(), [](unsigned char c) { return std::isalpha(c) != 0; }))
          << "says nothing: " << message;
    }
  }
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, count);
}

/// Reads every number of every tensor that is computed with, as a model would: those that are not must say so.
inline void expand_all(const attn::Checkpoint& checkpoint) {
  for (const auto& [name, tensor] : checkpoint.tensors) {
    try {
      const attn::Index count = attn::count_of(tensor);
      const attn::Index cols = tensor.shape.empty() ? 1 : tensor.shape.back();
      const attn::SharedMatrix numbers = attn::numbers_of(name, tensor, cols == 0 ? 0 : count / cols, cols);
      volatile float sum = 0.0F;
      for (attn::Index i = 0; i < numbers.view().size(); ++i) sum = sum + numbers.view().data()[i];
    } catch (const attn::Error& error) {
      EXPECT_EQ(error.code(), attn::ErrorCode::kUnsupported) << error.what();
    }
  }
}

/// Makes a model of what was read and, if one comes of it, runs a few tokens through it.
inline void run_all(const attn::Settings& settings, const attn::Checkpoint& checkpoint) {
  const auto model = std::make_shared<const attn::Model>(attn::make_model(settings, checkpoint));
  const auto last = static_cast<std::int32_t>(model->config.n_vocab - 1);
  const attn::ForwardTrace trace = attn::forward(model, {.ids = {0, last}, .types = {}, .padding = {}});
  volatile float sum = 0.0F;
  for (attn::Index layer = 0; layer < trace.n_layers(); ++layer) {
    for (attn::Index head = 0; head < trace.n_heads; ++head) sum = sum + attn::head_weights(trace, layer, head).sum();
  }
  if (!model->parameters.head.empty()) sum = sum + attn::logits_at(*model, trace, 1).sum();
}

}  // namespace test
