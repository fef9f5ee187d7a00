// Files that were good until a seed changed them, the same with every compiler.
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
      EXPECT_TRUE(std::ranges::any_of(message, [](unsigned char c) { return std::isalpha(c) != 0; }))
          << "says nothing: " << message;
    }
  }
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, count);
}

}  // namespace test
