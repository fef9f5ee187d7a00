// Reading and writing safetensors: what is accepted, and that nothing else is, each refusal by name.
#include "formats/safetensors.h"

#include <gtest/gtest.h>

#include "golden.h"
#include "mutations.h"
#include "use.h"

namespace {

using attn::Checkpoint;
using attn::ErrorCode;

std::string length_prefix(std::uint64_t length) {
  std::string bytes;
  for (unsigned i = 0; i < 8; ++i) bytes += static_cast<char>((length >> (8U * i)) & 0xFFU);
  return bytes;
}

/// A file with this header and `n_data` bytes of data.
std::string file_of(const std::string& header, std::size_t n_data = 0) {
  return length_prefix(header.size()) + header + std::string(n_data, '\0');
}

/// A header with one tensor "w" whose entry is given.
std::string with_entry(const std::string& entry, std::size_t n_data = 8) {
  return file_of(R"({"w":)" + entry + "}", n_data);
}

std::string entry(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

Checkpoint read(const std::string& bytes) { return attn::read_safetensors(test::bytes_of(bytes), "w.safetensors"); }

struct Case {
  const char* name;
  std::string bytes;
  test::Refusal refusal;
};

std::vector<Case> malformed() {
  const std::string good = entry("F32", "[2]", "[0,8]");
  const std::string two =
      R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":)";
  const std::string deep(64, '[');
  using enum ErrorCode;
  return {
      {"an empty file", "", {kBadFile, "too short", "8 bytes", "0 bytes"}},
      {"seven bytes", std::string(7, '\0'), {kBadFile, "too short", "8 bytes", "7 bytes"}},
      {"a header longer than the file", length_prefix(100) + "{}", {kBadFile, "cut off", "100", "2 bytes"}},
      {"a header one byte too long", length_prefix(3) + "{}", {kBadFile, "cut off", "3", "2"}},
      {"a header of no bytes", length_prefix(0), {kBadFile, "empty", "object", "nothing"}},
      {"a header of spaces", file_of("    "), {kBadFile, "empty", "object", "nothing"}},
      {"the longest length there is",
       length_prefix(~std::uint64_t{0}) + "{}",
       {kTooLarge, "too long", "16777216", "18446744073709551615"}},
      {"a header just past the limit",
       length_prefix((16U << 20U) + 1) + "{}",
       {kTooLarge, "too long", "16777216", "16777217"}},
      {"a header that is no JSON", file_of("{nonsense}"), {kBadFile, "not valid JSON", "JSON", "byte"}},
      {"a header that is cut JSON", file_of(R"({"w":)"), {kBadFile, "not valid JSON", "JSON", "byte"}},
      {"something after the JSON", file_of("{} x"), {kBadFile, "not valid JSON", "JSON", "byte"}},
      {"bad UTF-8", file_of("{\"w\xff\":1}"), {kBadFile, "not valid JSON", "UTF-8", "byte"}},
      {"a list as header", file_of("[]"), {kBadFile, "object", "\\{", ""}},
      {"a number as header", file_of("17"), {kBadFile, "object", "\\{", ""}},
      {"a name twice", file_of(R"({"w":)" + good + R"(,"w":)" + good + "}", 8), {kBadFile, "\"w\" twice", "once", "w"}},
      {"metadata twice", file_of(R"({"__metadata__":{},"__metadata__":{}})"), {kBadFile, "twice", "once", "metadata"}},
      {"a field twice",
       with_entry(R"({"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]})"),
       {kBadFile, "dtype\" twice", "once", "dtype"}},
      {"nesting without end", file_of(R"({"w":)" + deep + "}"), {kBadFile, "nested|valid", "", ""}},
      {"metadata that is a list", file_of(R"({"__metadata__":[]})"), {kBadFile, "__metadata__", "object", "array"}},
      {"metadata that holds a number", file_of(R"({"__metadata__":{"a":1}})"), {kBadFile, "\"a\"", "text", "number"}},
      {"metadata that holds null", file_of(R"({"__metadata__":{"a":null}})"), {kBadFile, "\"a\"", "text", "null"}},
      {"an entry that is a number", with_entry("1"), {kBadFile, "\"w\"", "object", "number"}},
      {"an entry that is null", with_entry("null"), {kBadFile, "\"w\"", "object", "null"}},
      {"an unknown field",
       with_entry(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1})"),
       {kBadFile, "unknown field", "dtype", "x"}},
      {"no dtype", with_entry(R"({"shape":[2],"data_offsets":[0,8]})"), {kBadFile, "missing field", "dtype", "none"}},
      {"a dtype that is a number",
       with_entry(R"({"dtype":32,"shape":[2],"data_offsets":[0,8]})"),
       {kBadFile, "dtype", "text", "number"}},
      {"a dtype nobody knows", with_entry(entry("F31", "[2]", "[0,8]")), {kBadFile, "dtype", "knows", "F31"}},
      {"a dtype in lower case", with_entry(entry("f32", "[2]", "[0,8]")), {kBadFile, "dtype", "knows", "f32"}},
      {"no shape", with_entry(R"({"dtype":"F32","data_offsets":[0,8]})"), {kBadFile, "missing field", "shape", "none"}},
      {"a shape that is a number", with_entry(entry("F32", "2", "[0,8]")), {kBadFile, "shape", "list", "number"}},
      {"a negative length", with_entry(entry("F32", "[-2]", "[0,8]")), {kBadFile, "shape", "not negative", "-2"}},
      {"half a length", with_entry(entry("F32", "[1.5]", "[0,8]")), {kBadFile, "shape", "whole", "1.5"}},
      {"a length that is text", with_entry(entry("F32", "[\"2\"]", "[0,8]")), {kBadFile, "shape", "whole", "string"}},
      {"nine dimensions",
       with_entry(entry("F32", "[1,1,1,1,1,1,1,1,2]", "[0,8]")),
       {kBadFile, "shape", "8 dimensions", "9"}},
      {"a length past 64 bits",
       with_entry(entry("F32", "[99999999999999999999]", "[0,8]")),
       {kBadFile, "shape", "whole", ""}},
      {"a length that memory cannot hold",
       with_entry(entry("F32", "[9223372036854775807]", "[0,8]")),
       {kBadFile, "shape", "memory", ""}},
      {"a product that overflows",
       with_entry(entry("F32", "[4294967296,4294967296]", "[0,8]")),
       {kBadFile, "shape", "overflow|memory", ""}},
      {"no offsets", with_entry(R"({"dtype":"F32","shape":[2]})"), {kBadFile, "missing field", "data_offsets", "none"}},
      {"one offset", with_entry(entry("F32", "[2]", "[0]")), {kBadFile, "data_offsets", "two", "1"}},
      {"three offsets", with_entry(entry("F32", "[2]", "[0,8,8]")), {kBadFile, "data_offsets", "two", "3"}},
      {"offsets that are text",
       with_entry(entry("F32", "[2]", "\"0,8\"")),
       {kBadFile, "data_offsets", "two", "string"}},
      {"a negative offset",
       with_entry(entry("F32", "[2]", "[-1,7]")),
       {kBadFile, "data_offsets", "not negative", "-1"}},
      {"an end before its begin",
       with_entry(entry("F32", "[2]", "[8,0]")),
       {kBadFile, "data_offsets", "before", "8 and 0"}},
      {"an end beyond the file",
       with_entry(entry("F32", "[2]", "[0,8]"), 7),
       {kBadFile, "data_offsets", "7 bytes", "8"}},
      {"an end beyond everything",
       with_entry(entry("F32", "[2]", "[0,18446744073709551615]")),
       {kBadFile, "data_offsets", "8 bytes", "18446744073709551615"}},
      {"too few bytes for the shape",
       with_entry(entry("F32", "[3]", "[0,8]")),
       {kBadFile, "size", "12 bytes", "8 bytes"}},
      {"too many bytes for the shape",
       with_entry(entry("F32", "[1]", "[0,8]")),
       {kBadFile, "size", "4 bytes", "8 bytes"}},
      {"half a byte",
       with_entry(entry("F4", "[1]", "[0,0]"), 0),
       {kBadFile, "size", "whole number of bytes", "4 bits"}},
      {"tensors that overlap", file_of(two + "[0,4]}}", 4), {kBadFile, "overlaps", "byte 4", "byte 0"}},
      {"tensors that overlap in part", file_of(two + "[2,6]}}", 6), {kBadFile, "overlaps", "byte 4", "byte 2"}},
      {"a hole between tensors", file_of(two + "[8,12]}}", 12), {kBadFile, "hole", "byte 4", "byte 8"}},
      {"a hole before the first", with_entry(entry("F32", "[1]", "[4,8]")), {kBadFile, "hole", "byte 0", "byte 4"}},
      {"bytes after the last tensor", with_entry(good, 9), {kBadFile, "fill the file", "bytes", "bytes"}},
      {"bytes without a tensor", file_of("{}", 4), {kBadFile, "fill the file", "", ""}},
      {"a Git LFS pointer",
       "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
       {kNotAModel, "LFS", "model", "LFS"}},
      {"a web page", "<!DOCTYPE html><html></html>", {kNotAModel, "web page", "model", "HTML"}},
      {"a web page in capitals after a space", "  <HTML><body>", {kNotAModel, "web page", "model", "HTML"}},
      {"an XML error", "<?xml version=\"1.0\"?><Error/>", {kNotAModel, "XML", "model", "XML"}},
      {"a JSON error", R"({"error":"no such model"})", {kNotAModel, "JSON", "safetensors", "JSON"}},
      {"plain text", "Not found, sorry", {kNotAModel, "text", "safetensors", "text"}},
      {"a zip archive", std::string("PK\x03\x04\x14\0\0\0\x08\0", 10), {kNotAModel, "zip", "model", "zip"}},
      {"a pickle", std::string("\x80\x02}q\0.\0\0\0\0", 10), {kNotAModel, "pickle", "model", "pickle"}},
      {"a gzip archive", std::string("\x1f\x8b\x08\0\0\0\0\0\0\0", 10), {kNotAModel, "gzip", "model", "gzip"}},
      {"a GGUF file", std::string("GGUF\x03\0\0\0\0\0\0\0", 12), {kBadFile, "another kind", "safetensors", "GGUF"}},
      {"an ending after white space", file_of("  {"), {kBadFile, "not valid JSON", "JSON", "byte"}},
      {"a byte order mark", file_of("\xEF\xBB\xBF{}"), {kBadFile, "object", "\\{", ""}},
      {"two headers", file_of("{}{}"), {kBadFile, "not valid JSON", "JSON", "byte"}},
      {"a zero after the header", file_of(std::string("{}\0", 3)), {kBadFile, "not valid JSON", "JSON", "byte"}},
      {"a comment", file_of("{/**/}"), {kBadFile, "not valid JSON", "JSON", "byte"}},
      {"an entry that is a list", with_entry("[]"), {kBadFile, "\"w\"", "object", "array"}},
      {"an entry that is empty", with_entry("{}"), {kBadFile, "missing field", "dtype", "none"}},
      {"a dtype that is null",
       with_entry(R"({"dtype":null,"shape":[2],"data_offsets":[0,8]})"),
       {kBadFile, "dtype", "text", "null"}},
      {"a dtype that is empty", with_entry(entry("", "[2]", "[0,8]")), {kBadFile, "dtype", "knows", ""}},
      {"a shape that is null", with_entry(entry("F32", "null", "[0,8]")), {kBadFile, "shape", "list", "null"}},
      {"a length that is a list", with_entry(entry("F32", "[[2]]", "[0,8]")), {kBadFile, "shape", "whole", "array"}},
      {"a length that is true", with_entry(entry("F32", "[true]", "[0,8]")), {kBadFile, "shape", "whole", "boolean"}},
      {"a length written as 2.0", with_entry(entry("F32", "[2.0]", "[0,8]")), {kBadFile, "shape", "whole", "2"}},
      {"offsets that are an object",
       with_entry(entry("F32", "[2]", R"({"0":0,"1":8})")),
       {kBadFile, "data_offsets", "two", "object"}},
      {"half an offset", with_entry(entry("F32", "[2]", "[0,8.5]")), {kBadFile, "data_offsets", "whole", "8.5"}},
      {"no bytes for a scalar", with_entry(entry("F32", "[]", "[0,0]"), 0), {kBadFile, "size", "4 bytes", "0 bytes"}},
      {"bytes for an empty tensor", with_entry(entry("F32", "[0]", "[0,8]")), {kBadFile, "size", "0 bytes", "8 bytes"}},
      {"a size that overflows to what the file has",
       with_entry(entry("F32", "[4611686018427387904,4]", "[0,8]")),
       {kBadFile, "shape", "overflow|memory", ""}},
      {"an empty tensor in the middle of another",
       file_of(
           R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}})",
           8),
       {kBadFile, "overlaps", "byte 8", "byte 4"}},
      {"two tensors that claim the whole file",
       file_of(
           R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
           8),
       {kBadFile, "overlaps", "byte 8", "byte 0"}},
      {"a name that hides in an escape",
       file_of(R"({"w":)" + good + R"(,"\u0077":)" + good + "}", 8),
       {kBadFile, "\"w\" twice", "once", "w"}},
  };
}

TEST(ReadSafetensors, RefusesEveryMalformedFileByName) {
  const std::vector<Case> cases = malformed();
  EXPECT_GE(cases.size(), 80U);
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    const attn::FileBytes file = test::bytes_of(each.bytes);
    test::expect_refusal(each.refusal, [&] { attn::read_safetensors(file, "w.safetensors"); });
    EXPECT_EQ(std::memcmp(file.data.get(), each.bytes.data(), file.size), 0) << "the file was changed";
    EXPECT_EQ(file.data.use_count(), 1) << "the file is still held";
  }
}

TEST(ReadSafetensors, AcceptsWhatIsOddButValid) {
  const std::vector<std::pair<const char*, std::string>> oddities = {
      {"no tensors", file_of("{}")},
      {"metadata alone", file_of(R"({"__metadata__":{"a":"b"}})")},
      {"white space around the header", file_of("  \n {}   ")},
      {"a scalar", with_entry(entry("F32", "[]", "[0,4]"), 4)},
      {"an empty tensor", with_entry(entry("F32", "[0,7]", "[0,0]"), 0)},
      {"an empty tensor between others",
       file_of(R"({"a":)" + entry("F32", "[1]", "[0,4]") + R"(,"b":)" + entry("F32", "[0]", "[4,4]") + R"(,"c":)" +
                   entry("F32", "[1]", "[4,8]") + "}",
               8)},
      {"names out of order",
       file_of(R"({"a":)" + entry("F32", "[1]", "[4,8]") + R"(,"b":)" + entry("F32", "[1]", "[0,4]") + "}", 8)},
      {"numbers that are not computed with", with_entry(entry("I64", "[1]", "[0,8]"))},
      {"two halves of a byte", with_entry(entry("F4", "[2]", "[0,1]"), 1)},
      {"data at an odd address", file_of(R"({"w":)" + entry("F32", "[2]", "[0,8]") + "} ", 8)},
  };
  for (const auto& [name, bytes] : oddities) {
    SCOPED_TRACE(name);
    EXPECT_NO_THROW(read(bytes));
  }
}

TEST(ReadSafetensors, RefusesMoreTensorsThanItsLimit) {
  std::string header = "{";
  for (std::size_t i = 0; i <= attn::kMostTensors; ++i) {
    header += (i == 0 ? "\"" : ",\"") + std::to_string(i) + R"(":{"dtype":"F32","shape":[0],"data_offsets":[0,0]})";
  }
  test::expect_refusal({ErrorCode::kTooLarge, "too many tensors", "65536", "65537"},
                       [&] { read(file_of(header + "}")); });
}

TEST(ReadSafetensors, LeavesNumbersWhereTheyLie) {
  const attn::FileBytes file = test::bytes_of(with_entry(entry("F32", "[2]", "[0,8]")));
  const Checkpoint checkpoint = attn::read_safetensors(file, "w.safetensors");
  EXPECT_EQ(checkpoint.find("w")->data.get(), file.data.get() + file.size - 8) << "no second copy";
}

TEST(ReadSafetensors, ReadsBackWhatWasWritten) {
  test::Random random(1);
  std::map<std::string, std::pair<std::vector<attn::Index>, attn::SharedMatrix>> tensors;
  for (const char* name : {"a", "b", "z"}) {
    const attn::Index rows = random.index(1, 5);
    const attn::Index cols = random.index(1, 5);
    tensors[name] = {{rows, cols}, attn::SharedMatrix(random.matrix(rows, cols))};
  }
  const std::string bytes = attn::write_safetensors({{"format", "test"}, {"quote", "\"\n\u00e9"}}, tensors);
  EXPECT_EQ(bytes, attn::write_safetensors({{"format", "test"}, {"quote", "\"\n\u00e9"}}, tensors));
  const Checkpoint back = read(bytes);
  EXPECT_EQ(back.metadata.at("quote"), "\"\n\u00e9");
  ASSERT_EQ(back.tensors.size(), tensors.size());
  for (const auto& [name, expected] : tensors) {
    EXPECT_EQ(test::difference(test::tensor(back, name).view(), expected.second.view()), 0.0) << name;
  }
}

TEST(ReadSafetensors, RefusesAFileCutOffAnywhere) {
  const std::string whole = with_entry(entry("F32", "[2]", "[0,8]"));
  // Of the length's first byte alone nobody could tell that it is no text.
  for (std::size_t size = 2; size < whole.size(); ++size) {
    test::expect_refusal({ErrorCode::kBadFile, "w.safetensors", "", ""}, [&] { read(whole.substr(0, size)); });
  }
}

TEST(ReadSafetensors, SurvivesMutations) {
  std::map<std::string, std::pair<std::vector<attn::Index>, attn::SharedMatrix>> tensors;
  tensors["layers.0.weights"] = {{1, 2, 2}, attn::SharedMatrix(attn::Matrix::Constant(2, 2, 0.5F))};
  tensors["w"] = {{3}, attn::SharedMatrix(attn::Matrix::Constant(1, 3, 1.0F))};
  const std::vector<std::string> seeds = {
      attn::write_safetensors({{"format", "attention-trace"}}, tensors),
      with_entry(entry("F16", "[2,2]", "[0,8]")),
      with_entry(entry("BF16", "[4,1]", "[0,8]")),
      with_entry(entry("F32", "[]", "[0,4]"), 4),
      file_of(R"({"a":)" + entry("F32", "[1]", "[4,8]") + R"(,"b":)" + entry("I32", "[1]", "[0,4]") + "} ", 8),
  };
  test::survive_mutations(seeds, 2, [](const std::string& bytes) { test::expand_all(read(bytes)); });
}

TEST(MergeShards, MakesOneOfSeveral) {
  const auto shard = [](const std::string& name, const std::map<std::string, std::string>& metadata) {
    std::map<std::string, std::pair<std::vector<attn::Index>, attn::SharedMatrix>> tensors;
    tensors[name] = {{2}, attn::SharedMatrix(attn::Matrix::Constant(1, 2, 0.5F))};
    return read(attn::write_safetensors(metadata, tensors));
  };
  std::vector<Checkpoint> shards = {shard("a", {{"format", "pt"}, {"part", "1"}}),
                                    shard("b", {{"format", "pt"}, {"part", "2"}, {"more", "yes"}})};
  const std::size_t bytes = shards[0].bytes + shards[1].bytes;
  const Checkpoint whole = attn::merge_shards(shards);
  EXPECT_EQ(whole.bytes, bytes);
  EXPECT_EQ(whole.metadata, (std::map<std::string, std::string>{{"format", "pt"}, {"more", "yes"}, {"part", "1"}}));
  ASSERT_EQ(whole.tensors.size(), 2U);
  EXPECT_EQ(whole.find("b")->data, shards[1].find("b")->data) << "no second copy";
  test::expand_all(whole);
  EXPECT_TRUE(attn::merge_shards({}).tensors.empty());
  EXPECT_EQ(attn::merge_shards({shards[0]}).tensors.size(), 1U);
}

TEST(MergeShards, RefusesATensorInTwoParts) {
  const Checkpoint part = read(with_entry(entry("F32", "[2]", "[0,8]")));
  test::expect_refusal({ErrorCode::kBadFile, "two parts.*\"w\"", "one part", "twice"},
                       [&] { attn::merge_shards({part, part}); });
  EXPECT_EQ(part.tensors.size(), 1U);
}

TEST(MergeShards, RefusesMoreTensorsThanItsLimit) {
  Checkpoint first;
  Checkpoint second;
  for (std::size_t i = 0; i < attn::kMostTensors; ++i) first.tensors["a" + std::to_string(i)];
  EXPECT_NO_THROW(attn::merge_shards({first, second}));
  second.tensors["b"];
  test::expect_refusal({ErrorCode::kTooLarge, "too many tensors", "65536", "65537"},
                       [&] { attn::merge_shards({first, second}); });
}

}  // namespace
