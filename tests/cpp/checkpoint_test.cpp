// Tensors as numbers: memory that is used where it lies, and what cannot be used.
#include "model/checkpoint.h"

#include <gtest/gtest.h>

#include "golden.h"

namespace {

using attn::Checkpoint;
using attn::Dtype;
using attn::ErrorCode;
using attn::Tensor;

/// One tensor "w" whose bytes begin `offset` bytes into the file.
Checkpoint checkpoint_of(Dtype dtype, std::vector<attn::Index> shape, const std::string& bytes, std::size_t offset) {
  Checkpoint checkpoint;
  const attn::FileBytes file = test::bytes_of(std::string(offset, '\0') + bytes);
  checkpoint.bytes = file.size;
  checkpoint.tensors["w"] = Tensor{.dtype = dtype,
                                   .dtype_name = "TEST",
                                   .shape = std::move(shape),
                                   .data = {file.data, file.data.get() + offset},
                                   .bytes = bytes.size()};
  return checkpoint;
}

template <typename Number>
std::string as_bytes(const std::vector<Number>& numbers) {
  std::string bytes(numbers.size() * sizeof(Number), '\0');
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return bytes;
}

TEST(NumbersOf, ExpandsHalfWidthFloatsWhereverTheyLie) {
  const std::string halves = as_bytes(std::vector<std::uint16_t>{0x3C00, 0xC000, 0x0001, 0x7BFF});
  for (const std::size_t offset : {0U, 1U, 2U, 7U}) {
    const Checkpoint checkpoint = checkpoint_of(Dtype::kF16, {2, 2}, halves, offset);
    const attn::SharedMatrix numbers = attn::numbers_of("w", *checkpoint.find("w"), 2, 2);
    attn::Matrix expected(2, 2);
    expected << 1.0F, -2.0F, 0x1p-24F, 65504.0F;
    EXPECT_EQ(numbers.view(), expected) << offset;
  }
  const Checkpoint brain = checkpoint_of(Dtype::kBF16, {2}, as_bytes(std::vector<std::uint16_t>{0x3F80, 0xC000}), 3);
  EXPECT_EQ(attn::numbers_of("w", *brain.find("w"), 1, 2).row(0), (attn::Vector(2) << 1.0F, -2.0F).finished());
}

TEST(NumbersOf, UsesAlignedFloatsWhereTheyLieAndCopiesOthers) {
  const std::vector<float> floats = {1.5F, -0.0F, std::numeric_limits<float>::infinity(), 4.0F, 5.0F, 6.0F};
  for (const std::size_t offset : {0U, 4U, 8U, 1U, 2U, 3U, 5U}) {
    SCOPED_TRACE(offset);
    const Checkpoint checkpoint = checkpoint_of(Dtype::kF32, {2, 3}, as_bytes(floats), offset);
    const attn::SharedMatrix numbers = attn::numbers_of("w", *checkpoint.find("w"), 2, 3);
    EXPECT_EQ(std::memcmp(numbers.view().data(), floats.data(), sizeof(float) * floats.size()), 0);
    const auto* in_place = reinterpret_cast<const float*>(checkpoint.find("w")->data.get());
    EXPECT_EQ(numbers.view().data() == in_place, offset % 4 == 0);
  }
}

TEST(NumbersOf, KeepsTheFileAlive) {
  attn::SharedMatrix numbers;
  {
    const Checkpoint checkpoint = checkpoint_of(Dtype::kF32, {2}, as_bytes(std::vector<float>{7.0F, 8.0F}), 0);
    numbers = attn::numbers_of("w", *checkpoint.find("w"), 1, 2);
  }
  EXPECT_EQ(numbers.row(0)(1), 8.0F);
}

TEST(NumbersOf, TakesTensorsWithoutNumbers) {
  for (const Dtype dtype : {Dtype::kF32, Dtype::kF16}) {
    const Checkpoint checkpoint = checkpoint_of(dtype, {0, 4}, "", 0);
    EXPECT_TRUE(attn::numbers_of("w", *checkpoint.find("w"), 0, 4).empty());
  }
}

TEST(NumbersOf, RefusesOtherTypesAndOtherSizesByName) {
  Checkpoint checkpoint = checkpoint_of(Dtype::kF32, {2, 3}, std::string(24, '\0'), 0);
  test::expect_refusal({ErrorCode::kBadFile, "\"w\"", "\\[2, 2\\]", "\\[2, 3\\]"},
                       [&] { attn::numbers_of("w", *checkpoint.find("w"), 2, 2); });
  EXPECT_NO_THROW(attn::numbers_of("w", *checkpoint.find("w"), 3, 2));
  checkpoint.tensors["w"].dtype = Dtype::kOther;
  checkpoint.tensors["w"].dtype_name = "I64";
  test::expect_refusal({ErrorCode::kUnsupported, "\"w\".*I64", "F32, F16, BF16", "I64"},
                       [&] { attn::numbers_of("w", *checkpoint.find("w"), 2, 3); });
}

TEST(Checkpoint, FindsTensorsByName) {
  const Checkpoint checkpoint = checkpoint_of(Dtype::kF32, {}, std::string(4, '\0'), 0);
  ASSERT_NE(checkpoint.find("w"), nullptr);
  EXPECT_EQ(checkpoint.find("v"), nullptr);
  EXPECT_EQ(attn::count_of(*checkpoint.find("w")), 1) << "a scalar";
  EXPECT_EQ(attn::allocate_file(0).view().size(), 0U);
  EXPECT_EQ(attn::allocate_file(9).view().size(), 9U);
}

}  // namespace
