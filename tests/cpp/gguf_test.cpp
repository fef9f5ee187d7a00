// Reading GGUF: the reference file number for number, what is odd but valid, and every malformed file by name.
#include "formats/gguf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "gguf_writer.h"
#include "golden.h"
#include "model/families/family.h"
#include "model/transformer.h"
#include "mutations.h"
#include "use.h"

namespace {

using attn::ErrorCode;
using attn::GgufFile;
using attn::Index;
using test::Gguf;
using test::raw;
using test::raw_text;

GgufFile read(const std::string& bytes) { return attn::read_gguf(test::bytes_of(bytes), "m.gguf"); }

std::string floats(std::size_t count, test::Random& random) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes += raw(random.number());
  return bytes;
}

/// Two tensors, a few settings and a tokenizer.
Gguf good() {
  Gguf file;
  file.text("general.architecture", "llama").text("general.name", "small");
  file.texts("tokenizer.ggml.tokens", {"a", "b", "c"}).text("tokenizer.ggml.model", "gpt2");
  file.add({.name = "w", .lengths = {4, 2}, .data = std::string(32, '\1')});
  file.add({.name = "v", .lengths = {3}, .data = std::string(12, '\2')});
  return file;
}

/// One tensor "w" and nothing else.
Gguf with_tensor(std::vector<std::uint64_t> lengths, std::uint32_t type, std::size_t n_data) {
  Gguf file;
  file.add({.name = "w", .lengths = std::move(lengths), .type = type, .data = std::string(n_data, '\0')});
  return file;
}

Gguf with_setting(std::uint32_t type, const std::string& value) { return Gguf().set("some.key", type, value); }

Gguf with_tokens() {
  return Gguf().text("tokenizer.ggml.model", "llama").texts("tokenizer.ggml.tokens", {"a", "b", "c"});
}

/// A llama of one layer, 4 wide, that runs.
Gguf tiny_llama() {
  test::Random random(7);
  Gguf file;
  file.text("general.architecture", "llama").text("general.name", "tiny");
  file.u32("llama.block_count", 1).u32("llama.embedding_length", 4).u32("llama.feed_forward_length", 6);
  file.u32("llama.context_length", 16).u32("llama.attention.head_count", 2).u32("llama.attention.head_count_kv", 1);
  file.f32("llama.attention.layer_norm_rms_epsilon", 1e-5F).f32("llama.rope.freq_base", 10000.0F);
  file.text("tokenizer.ggml.model", "gpt2").texts("tokenizer.ggml.tokens", {"a", "b", "c", "d", "e"});
  const auto add = [&](const std::string& name, std::vector<std::uint64_t> lengths) {
    std::size_t count = 1;
    for (const std::uint64_t length : lengths) count *= length;
    file.add({.name = name + ".weight", .lengths = std::move(lengths), .data = floats(count, random)});
  };
  add("token_embd", {4, 5});
  add("blk.0.attn_norm", {4});
  add("blk.0.attn_q", {4, 4});
  add("blk.0.attn_k", {4, 2});
  add("blk.0.attn_v", {4, 2});
  add("blk.0.attn_output", {4, 4});
  add("blk.0.ffn_norm", {4});
  add("blk.0.ffn_gate", {4, 6});
  add("blk.0.ffn_up", {4, 6});
  add("blk.0.ffn_down", {6, 4});
  add("output_norm", {4});
  return file;
}

struct Case {
  const char* name;
  std::string bytes;
  test::Refusal refusal;
};

using enum ErrorCode;

/// What is wrong before the first setting.
std::vector<Case> bad_beginnings() {
  const std::string whole = good().bytes();
  const auto cut = [&](std::size_t n) { return whole.substr(0, n); };
  return {
      {"an empty file", "", {kBadFile, "empty", "GGUF", "nothing"}},
      {"one letter", "G", {kBadFile, "cut off", "GGUF", "1 bytes"}},
      {"three letters", "GGU", {kBadFile, "cut off", "GGUF", "3 bytes"}},
      {"the first word alone", cut(4), {kBadFile, "cut off in the version", "4 bytes", "0 bytes"}},
      {"half a version", cut(6), {kBadFile, "cut off in the version", "4 bytes", "2 bytes"}},
      {"no counts", cut(8), {kBadFile, "cut off in the number of tensors", "8 bytes", "0"}},
      {"half the counts", cut(20), {kBadFile, "cut off in the number of settings", "8 bytes", "4"}},
      {"small letters", Gguf{.magic = "gguf"}.bytes(), {kNotAModel, "not a GGUF", "GGUF", "gguf"}},
      {"another first word", Gguf{.magic = "GGUX"}.bytes(), {kNotAModel, "not a GGUF", "GGUF", "GGUX"}},
      {"bytes that are no text", std::string("\xFF\xFE\x01\x02", 4), {kNotAModel, "not a GGUF", "GGUF", ""}},
      {"version 0", Gguf{.version = 0}.bytes(), {kUnsupported, "version 0", "2 or 3", "version 0"}},
      {"version 1", Gguf{.version = 1}.bytes(), {kUnsupported, "version 1", "2 or 3", "version 1"}},
      {"version 4", Gguf{.version = 4}.bytes(), {kUnsupported, "version 4", "2 or 3", "version 4"}},
      {"a big-endian file", Gguf{.version = 0x03000000}.bytes(), {kUnsupported, "big-endian", "little", "big"}},
      {"an older big-endian file", Gguf{.version = 0x02000000}.bytes(), {kUnsupported, "big-endian", "little", "big"}},
      {"the first word turned around", Gguf{.magic = "FUGG"}.bytes(), {kUnsupported, "big-endian", "little", "big"}},
      {"too many tensors", Gguf{.n_tensors = 16385}.bytes(), {kTooLarge, "tensors", "at most 16384", "16385"}},
      {"all the tensors there can be",
       Gguf{.n_tensors = ~0ULL}.bytes(),
       {kTooLarge, "tensors", "at most 16384", "18446744073709551615"}},
      {"too many settings", Gguf{.n_settings = 16385}.bytes(), {kTooLarge, "settings", "at most 16384", "16385"}},
      {"a negative number of settings",
       Gguf{.n_settings = 1ULL << 63U}.bytes(),
       {kTooLarge, "settings", "at most 16384", "9223372036854775808"}},
      {"more settings than bytes",
       Gguf{.n_settings = 9}.bytes(),
       {kBadFile, "cut off in the settings", "9", "0 bytes"}},
      {"more tensors than bytes",
       Gguf{.n_tensors = 9}.bytes(),
       {kBadFile, "cut off in the list of tensors", "9", "0 bytes"}},
      {"a Git LFS pointer",
       "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
       {kNotAModel, "LFS", "model", "LFS"}},
      {"a web page", "<!DOCTYPE html><html></html>", {kNotAModel, "web page", "model", "HTML"}},
      {"a zip archive", std::string("PK\x03\x04\x14\0\0\0", 8), {kNotAModel, "zip", "model", "zip"}},
      {"a pickle", std::string("\x80\x04\x95\0\0", 5), {kNotAModel, "pickle", "model", "pickle"}},
      {"the format before GGUF", "tjgg\3", {kNotAModel, "GGML", "model", "GGML"}},
      {"a safetensors file", attn::write_safetensors({}, {}), {kNotAModel, "not a GGUF", "GGUF", ""}},
  };
}

std::vector<Case> bad_settings() {
  const auto set = [](std::uint32_t type, const std::string& value) { return with_setting(type, value).bytes(); };
  const std::string many(std::size_t{1025} * 1024, '\0');
  Gguf twice = good();
  twice.u32("general.name", 1);
  Gguf flattened;
  flattened.list("a", test::kU8, 1, "\1").u32("a.0", 1);
  Gguf flattened_first;
  flattened_first.u32("a.0", 1).list("a", test::kU8, 1, "\1");
  Gguf crowd;
  for (int i = 0; i < 65; ++i) {
    crowd.list("k" + std::to_string(i), test::kU8, 1024, std::string_view(many).substr(0, 1024));
  }
  Gguf huge;
  for (int i = 0; i < 17; ++i) huge.text("k" + std::to_string(i), std::string(attn::kLongestGgufText, 'x'));
  return {
      {"a key without a name", Gguf().u32("", 1).bytes(), {kBadFile, "key", "a name", "empty"}},
      {"a key with a space", Gguf().u32("a b", 1).bytes(), {kBadFile, "key", "ASCII", "a b"}},
      {"a key with a line in it", Gguf().u32("a\nb", 1).bytes(), {kBadFile, "key", "ASCII", ""}},
      {"a key beyond ASCII", Gguf().u32("caf\xC3\xA9", 1).bytes(), {kBadFile, "key", "ASCII", "caf"}},
      {"a key that is no text", Gguf().u32("\xFF\xFE", 1).bytes(), {kBadFile, "key", "ASCII", "\xEF\xBF\xBD"}},
      {"a key past its limit", Gguf().u32(std::string(65536, 'k'), 1).bytes(), {kTooLarge, "key", "65535", "65536"}},
      {"a key longer than the file",
       Gguf{.settings = {raw<std::uint64_t>(60000) + "abcdefgh"}}.bytes(),
       {kBadFile, "cut off in a key", "60000", "8 bytes"}},
      {"a key of the greatest length",
       Gguf{.settings = {raw(~0ULL) + "abcdefgh"}}.bytes(),
       {kTooLarge, "key", "65535", "18446744073709551615"}},
      {"a key twice", twice.bytes(), {kBadFile, "twice", "once", "general.name"}},
      {"a list's element twice", flattened.bytes(), {kBadFile, "twice", "once", "a.0"}},
      {"a list's element that is there", flattened_first.bytes(), {kBadFile, "same", "once", "a.0"}},
      {"type 13", set(13, "\1"), {kBadFile, "type of .some.key", "0 to 12", "13"}},
      {"the greatest type", set(~0U, "\1"), {kBadFile, "type of .some.key", "0 to 12", "4294967295"}},
      {"no type", Gguf{.settings = {raw_text("abcdefgh")}}.bytes(), {kBadFile, "cut off in a type", "4", "0"}},
      {"half a uint64", set(test::kU64, "\1\1\1\1"), {kBadFile, "cut off in a setting", "8", "4"}},
      {"half a float64", set(test::kF64, "\1\1\1\1"), {kBadFile, "cut off in a setting", "8", "4"}},
      {"no byte for an int8", set(test::kI8, ""), {kBadFile, "cut off in a setting", "1", "0"}},
      {"a boolean that is 2", set(test::kBool, "\2"), {kBadFile, "some.key", "0 or 1", "2"}},
      {"a boolean that is 255", set(test::kBool, "\xFF"), {kBadFile, "some.key", "0 or 1", "255"}},
      {"a boolean in a list that is 2",
       Gguf().list("some.key", test::kBool, 2, "\1\2").bytes(),
       {kBadFile, "some.key", "0 or 1", "2"}},
      {"a text longer than the file",
       set(test::kText, raw<std::uint64_t>(100) + "abc"),
       {kBadFile, "cut off in a text", "100 bytes", "3 bytes"}},
      {"a text past its limit",
       set(test::kText, raw<std::uint64_t>((4U << 20U) + 1)),
       {kTooLarge, "text", "4194304", "4194305"}},
      {"a text of the greatest length",
       set(test::kText, raw(~0ULL)),
       {kTooLarge, "text", "4194304", "18446744073709551615"}},
      {"half a text's length", set(test::kText, std::string(3, '\0')), {kBadFile, "cut off in a text", "8", "3"}},
      {"a text that is not UTF-8", set(test::kText, raw_text("a\xFFz")), {kBadFile, "some.key", "UTF-8", "other"}},
      {"a text with half a character", set(test::kText, raw_text("a\xE2\x82")), {kBadFile, "some.key", "UTF-8", ""}},
      {"a text with a surrogate", set(test::kText, raw_text("\xED\xA0\x80")), {kBadFile, "some.key", "UTF-8", ""}},
      {"a text with an overlong zero", set(test::kText, raw_text("\xC0\x80")), {kBadFile, "some.key", "UTF-8", ""}},
      {"a list without a type", set(test::kList, ""), {kBadFile, "cut off in a type", "4", "0"}},
      {"a list of type 13", set(test::kList, raw(13U) + raw(0ULL)), {kBadFile, "type of .some.key", "12", "13"}},
      {"a list without a length", set(test::kList, raw(4U)), {kBadFile, "cut off in the length", "8", "0"}},
      {"a list of lists",
       Gguf().list("some.key", test::kList, 1, raw(4U) + raw(0ULL)).bytes(),
       {kUnsupported, "list of lists", "values", "lists"}},
      {"a list longer than the file",
       Gguf().list("some.key", test::kU32, 100, "abcd").bytes(),
       {kBadFile, "cut off in a list", "100", "4 bytes"}},
      {"a list of texts longer than the file",
       Gguf().list("some.key", test::kText, 2, raw_text("a")).bytes(),
       {kBadFile, "cut off in a list", "2", "9 bytes"}},
      {"a list past its limit",
       Gguf().list("some.key", test::kU8, (1U << 20U) + 1, many).bytes(),
       {kTooLarge, "some.key", "1048576", "1048577"}},
      {"a list of the greatest length",
       Gguf().list("some.key", test::kU64, ~0ULL, "").bytes(),
       {kTooLarge, "some.key", "1048576", "18446744073709551615"}},
      {"a list whose bytes overflow",
       Gguf().list("some.key", test::kU64, 1ULL << 61U, "").bytes(),
       {kTooLarge, "some.key", "1048576", "2305843009213693952"}},
      {"lists of too many numbers", crowd.bytes(), {kTooLarge, "too many settings", "65536", "more"}},
      {"a header past its limit", huge.bytes(), {kTooLarge, "header", "67108864", "more"}},
      {"an alignment of 0", Gguf().u32("general.alignment", 0).bytes(), {kBadFile, "alignment", "power of two", "0"}},
      {"an alignment of 24", Gguf().u32("general.alignment", 24).bytes(), {kBadFile, "alignment", "power", "24"}},
      {"an alignment of another type",
       Gguf().set("general.alignment", test::kU64, raw(32ULL)).bytes(),
       {kBadFile, "alignment", "uint32", "uint64"}},
      {"an alignment that is a text",
       Gguf().text("general.alignment", "32").bytes(),
       {kBadFile, "alignment", "a number", "text"}},
      {"an alignment that is true",
       Gguf().set("general.alignment", test::kBool, "\1").bytes(),
       {kBadFile, "alignment", "uint32", "bool"}},
      {"one part of several", Gguf().u32("split.count", 3).bytes(), {kUnsupported, "split", "one file", "3 parts"}},
  };
}

std::vector<Case> bad_tokenizers() {
  return {
      {"tokens that are a text",
       Gguf().text("tokenizer.ggml.tokens", "abc").bytes(),
       {kBadFile, "tokens", "a list", "text"}},
      {"tokens that are numbers",
       Gguf().list("tokenizer.ggml.tokens", test::kU8, 1, "a").bytes(),
       {kBadFile, "tokens", "texts", "uint8"}},
      {"merges that are numbers",
       Gguf().list("tokenizer.ggml.merges", test::kI32, 0, "").bytes(),
       {kBadFile, "merges", "texts", "int32"}},
      {"a merge that is not UTF-8",
       Gguf().texts("tokenizer.ggml.merges", {"a b", "\xFF b"}).bytes(),
       {kBadFile, "merges", "UTF-8", "merge 1"}},
      {"scores that are whole",
       with_tokens().list("tokenizer.ggml.scores", test::kI32, 3, std::string(12, '\0')).bytes(),
       {kBadFile, "scores", "float32", "int32"}},
      {"fewer scores than tokens",
       with_tokens().list("tokenizer.ggml.scores", test::kF32, 2, std::string(8, '\0')).bytes(),
       {kBadFile, "scores", "3 elements", "2"}},
      {"more types than tokens",
       with_tokens().list("tokenizer.ggml.token_type", test::kI32, 4, std::string(16, '\0')).bytes(),
       {kBadFile, "token_type", "3 elements", "4"}},
      {"types that are texts",
       with_tokens().texts("tokenizer.ggml.token_type", {"a", "b", "c"}).bytes(),
       {kBadFile, "token_type", "int32", "text"}},
      {"scores without tokens",
       Gguf().list("tokenizer.ggml.scores", test::kF32, 1, raw(1.0F)).bytes(),
       {kBadFile, "scores", "0 elements", "1"}},
      {"a special token that is none",
       with_tokens().u32("tokenizer.ggml.bos_token_id", 3).bytes(),
       {kBadFile, "special token", "3 tokens", "3"}},
      {"an unknown token far away",
       with_tokens().u32("tokenizer.ggml.unknown_token_id", ~0U).bytes(),
       {kBadFile, "special token", "3 tokens", "4294967295"}},
      {"a special token below 0",
       with_tokens().set("tokenizer.ggml.eos_token_id", test::kI32, raw(-1)).bytes(),
       {kBadFile, "eos_token_id", "id", "another"}},
      {"a special token that is half",
       with_tokens().f32("tokenizer.ggml.eos_token_id", 0.5F).bytes(),
       {kBadFile, "eos_token_id", "id", "another"}},
      {"a special token as text",
       with_tokens().text("tokenizer.ggml.bos_token_id", "a").bytes(),
       {kBadFile, "bos_token_id", "number", "text"}},
      {"a switch that is a number",
       with_tokens().u32("tokenizer.ggml.add_bos_token", 1).bytes(),
       {kBadFile, "add_bos_token", "boolean", "another"}},
      {"a tokenizer's model that is a number",
       Gguf().u32("tokenizer.ggml.model", 1).bytes(),
       {kBadFile, "tokenizer.ggml.model", "text", "uint32"}},
      {"a chat template that is not UTF-8",
       Gguf().text("tokenizer.chat_template", "\xF5").bytes(),
       {kBadFile, "chat_template", "UTF-8", ""}},
      {"a chat template that is a list",
       Gguf().texts("tokenizer.chat_template", {}).bytes(),
       {kBadFile, "chat_template", "text", "list"}},
      {"a token past its limit",
       Gguf().list("tokenizer.ggml.tokens", test::kText, 1, raw<std::uint64_t>(1U << 30U)).bytes(),
       {kTooLarge, "token", "4194304", "1073741824"}},
      {"a token longer than the file",
       Gguf().list("tokenizer.ggml.tokens", test::kText, 1, raw<std::uint64_t>(5) + "ab").bytes(),
       {kBadFile, "cut off in a token", "5", "2"}},
  };
}

std::vector<Case> bad_tensors() {
  const auto shape = [](std::vector<std::uint64_t> lengths, std::uint32_t type = 0, std::size_t n_data = 32) {
    return with_tensor(std::move(lengths), type, n_data).bytes();
  };
  const auto named = [](const std::string& name) {
    return Gguf().add({.name = name, .lengths = {8}, .data = std::string(32, '\0')}).bytes();
  };
  const auto pair = [](std::optional<std::uint64_t> first, std::optional<std::uint64_t> second) {
    Gguf file;
    file.add({.name = "a", .lengths = {2}, .data = std::string(8, '\0'), .offset = first});
    file.add({.name = "b", .lengths = {8}, .data = std::string(32, '\0'), .offset = second});
    return file.bytes();
  };
  Gguf twice;
  for (int i = 0; i < 2; ++i) twice.add({.name = "w", .lengths = {8}, .data = std::string(32, '\0')});
  const std::string whole = good().bytes();
  Gguf tail = good();
  tail.tail = std::string(1, '\0');
  Gguf long_tail = good();
  long_tail.tail = std::string(32, '\0');
  Gguf no_tensor_tail = Gguf().u32("a", 1);
  no_tensor_tail.tail = std::string(64, '\0');
  Gguf far = with_tensor({8}, 0, 32);
  far.u32("general.alignment", 1U << 31U);
  const std::string list_end = raw_text("w") + raw(1U) + raw(8ULL) + raw(0U);
  return {
      {"a tensor without a name", named(""), {kBadFile, "tensor's name", "a name", "empty"}},
      {"a name past its limit", named(std::string(65, 'n')), {kTooLarge, "tensor's name", "64", "65"}},
      {"a name that is not UTF-8", named("\xFF"), {kBadFile, "tensor's name", "UTF-8", ""}},
      {"a name twice", twice.bytes(), {kBadFile, "twice", "once", "w"}},
      {"five dimensions", shape({1, 1, 1, 1, 8}), {kBadFile, "shape", "4 dimensions", "5"}},
      {"the greatest number of dimensions",
       Gguf{.n_tensors = 1, .tail = raw_text("w") + raw(~0U) + std::string(32, '\0')}.bytes(),
       {kBadFile, "shape", "4 dimensions", "4294967295"}},
      {"a length of 0", shape({0}), {kBadFile, "shape", "from 1", "0"}},
      {"a length of 0 behind others", shape({8, 0}), {kBadFile, "shape", "from 1", "0"}},
      {"a negative length", shape({~0ULL}), {kBadFile, "shape", "memory", "18446744073709551615"}},
      {"lengths that overflow", shape({1ULL << 32U, 1ULL << 32U}), {kBadFile, "shape", "overflow", ""}},
      {"lengths that overflow to something small",
       shape({1ULL << 31U, 1ULL << 31U, 4, 8}),
       {kBadFile, "shape", "overflow", ""}},
      {"bytes that overflow", shape({1ULL << 62U}), {kBadFile, "size|shape", "memory", ""}},
      {"bytes that overflow in a type of two bytes",
       shape({1ULL << 31U, 1ULL << 30U}, 1),
       {kBadFile, "size|shape", "memory", ""}},
      {"type 41", shape({8}, 41), {kUnsupported, "unknown", "ggml", "type 41"}},
      {"a type that was taken back", shape({32}, 4), {kUnsupported, "unknown", "ggml", "type 4"}},
      {"the greatest type of a tensor", shape({8}, ~0U), {kUnsupported, "unknown", "ggml", "type 4294967295"}},
      {"a row that is no whole block of 32", shape({33}, 2, 18), {kBadFile, "rows", "32 numbers for Q4_0", "33"}},
      {"half a block of Q8_0", shape({16, 2}, 8, 34), {kBadFile, "rows", "32 numbers for Q8_0", "16"}},
      {"a row that is no whole block of 256", shape({128, 2}, 12, 144), {kBadFile, "rows", "256.*Q4_K", "128"}},
      {"a number that is no block", shape({}, 8, 34), {kBadFile, "rows", "32 numbers", "1"}},
      {"rows of a type not computed that are no blocks", shape({200}, 10, 84), {kBadFile, "rows", "256.*Q2_K", "200"}},
      {"an entry that ends in its shape",
       Gguf{.n_tensors = 1, .tail = raw_text("wwwwwwwwww") + raw(4U) + raw(1ULL)}.bytes(),
       {kBadFile, "cut off in a tensor's dimensions", "8", "0"}},
      {"an entry without an offset", Gguf{.n_tensors = 1, .tail = list_end}.bytes(), {kBadFile, "cut off", "", ""}},
      {"no data at all",
       Gguf{.n_tensors = 1, .tail = list_end + raw(0ULL)}.bytes(),
       {kBadFile, "fill the file|cut off", "", ""}},
      {"data that are cut off", whole.substr(0, whole.size() - 24), {kBadFile, "\"v\".*cut off", "12 bytes", "8"}},
      {"the second tensor missing", whole.substr(0, whole.size() - 32), {kBadFile, "\"v\".*cut off", "12 bytes", "0"}},
      {"more numbers than the file has", shape({1000000}), {kBadFile, "\"w\".*cut off", "4000000 bytes", "32"}},
      {"a hole before the first tensor", pair(32, 64), {kBadFile, "\"a\".*hole", "byte 0", "byte 32"}},
      {"a hole between tensors", pair({}, 64), {kBadFile, "\"b\".*hole", "byte 32", "byte 64"}},
      {"an offset that is not aligned", pair({}, 8), {kBadFile, "\"b\".*overlaps", "byte 32", "byte 8"}},
      {"two tensors in one place", pair(0, 0), {kBadFile, "overlaps", "byte 32", "byte 0"}},
      {"the greatest offset", pair({}, ~0ULL), {kBadFile, "\"b\".*hole", "byte 32", "18446744073709551615"}},
      {"an offset that wraps around", pair(~0ULL - 31, 0), {kBadFile, "\"a\".*hole", "byte 32", "1844674407370955"}},
      {"a byte after the end", tail.bytes(), {kBadFile, "fill the file", "bytes in all", ""}},
      {"a block after the end", long_tail.bytes(), {kBadFile, "fill the file", "bytes in all", ""}},
      {"bytes without a tensor", no_tensor_tail.bytes(), {kBadFile, "fill the file", "bytes in all", ""}},
      {"data that begin beyond the file", far.bytes(), {kBadFile, "fill the file", "2147483648", ""}},
  };
}

std::vector<Case> malformed() {
  std::vector<Case> all;
  for (const auto& part : {bad_beginnings(), bad_settings(), bad_tokenizers(), bad_tensors()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

TEST(ReadGguf, RefusesEveryMalformedFileByName) {
  const std::vector<Case> cases = malformed();
  EXPECT_GE(cases.size(), 120U);
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    const attn::FileBytes file = test::bytes_of(each.bytes);
    test::expect_refusal(each.refusal, [&] { attn::read_gguf(file, "m.gguf"); });
    EXPECT_EQ(std::memcmp(file.data.get(), each.bytes.data(), file.size), 0) << "the file was changed";
    EXPECT_EQ(file.data.use_count(), 1) << "the file is still held";
  }
}

TEST(ReadGguf, RefusesAFileCutOffAnywhere) {
  const std::string whole = tiny_llama().bytes();
  const GgufFile file = read(whole);
  // Behind the last tensor's numbers there is padding, which may be missing.
  const std::size_t n_padding = (32 - 16 % 32) % 32;
  for (std::size_t size = 0; size < whole.size() - n_padding; ++size) {
    test::expect_refusal({kBadFile, "", "", ""}, [&] { read(whole.substr(0, size)); });
  }
  EXPECT_NO_THROW(read(whole.substr(0, whole.size() - n_padding)));
}

TEST(ReadGguf, AcceptsWhatIsOddButValid) {
  Gguf second_version = good();
  second_version.version = 2;
  Gguf without_padding = good();
  without_padding.is_padded = false;
  Gguf unaligned = good();
  unaligned.u32("general.alignment", 1).alignment = 1;
  Gguf far_apart = good();
  far_apart.u32("general.alignment", 4096).alignment = 4096;
  Gguf out_of_order;
  out_of_order.add({.name = "b", .lengths = {8}, .data = std::string(32, '\0'), .offset = 32});
  out_of_order.add({.name = "a", .lengths = {8}, .data = std::string(32, '\0'), .offset = 0});
  Gguf padded_nothing = Gguf().u32("a", 1);
  padded_nothing.tail = std::string((32 - padded_nothing.bytes().size() % 32) % 32, '\0');
  Gguf many_empty;
  for (int i = 0; i < 300; ++i) many_empty.texts("list." + std::to_string(i), {});
  const std::pair<const char*, std::string> oddities[] = {
      {"nothing at all", Gguf().bytes()},
      {"settings alone", Gguf().u32("a", 1).bytes()},
      {"settings alone, padded", padded_nothing.bytes()},
      {"version 2", second_version.bytes()},
      {"no padding at the end", without_padding.bytes()},
      {"an alignment of 1", unaligned.bytes()},
      {"an alignment of a page", far_apart.bytes()},
      {"tensors out of order", out_of_order.bytes()},
      {"a single number", with_tensor({}, 0, 4).bytes()},
      {"four dimensions", with_tensor({2, 1, 1, 3}, 0, 24).bytes()},
      {"a name of 64 letters", Gguf().add({std::string(64, 'n'), {8}, 0, std::string(32, '\0')}).bytes()},
      {"a name beyond ASCII", Gguf().add({"\xC3\xA9", {8}, 0, std::string(32, '\0')}).bytes()},
      {"the longest key", Gguf().u32(std::string(65535, 'k'), 1).bytes()},
      {"an empty text", Gguf().text("a", "").bytes()},
      {"a text with a zero in it", Gguf().text("a", std::string_view("a\0b", 3)).bytes()},
      {"an empty list", Gguf().list("a", test::kF32, 0, "").bytes()},
      {"many empty lists", many_empty.bytes()},
      {"the longest list", Gguf().list("a", test::kU8, 1U << 20U, std::string(1U << 20U, '\0')).bytes()},
      {"tokens without a model", Gguf().texts("tokenizer.ggml.tokens", {"a"}).bytes()},
      {"one part of one", Gguf().u32("split.count", 1).bytes()},
      {"no split", Gguf().set("split.count", test::kU16, raw<std::uint16_t>(0)).bytes()},
      {"a float that is no number", Gguf().f32("a", std::numeric_limits<float>::quiet_NaN()).bytes()},
  };
  for (const auto& [name, bytes] : oddities) {
    SCOPED_TRACE(name);
    EXPECT_NO_THROW(read(bytes));
  }
}

TEST(ReadGguf, KeepsEveryKindOfValue) {
  const GgufFile file = attn::read_gguf(
      test::bytes_of(test::read_text(std::filesystem::path(HEADLIGHT_GOLDEN) / "gguf" / "tiny.gguf")), "tiny.gguf");
  const auto whole = [&](const std::string& type) {
    return std::get<std::int64_t>(file.settings.at("headlight.every." + type));
  };
  EXPECT_EQ(whole("uint8"), 200);
  EXPECT_EQ(whole("int8"), -100);
  EXPECT_EQ(whole("uint16"), 60000);
  EXPECT_EQ(whole("int16"), -30000);
  EXPECT_EQ(whole("uint32"), 4000000000);
  EXPECT_EQ(whole("int32"), -2000000000);
  EXPECT_EQ(whole("uint64"), 9007199254740993);
  EXPECT_EQ(whole("int64"), -9007199254740993);
  EXPECT_EQ(std::get<double>(file.settings.at("headlight.every.float32")), 0.5);
  EXPECT_EQ(std::get<double>(file.settings.at("headlight.every.float64")), 0.1);
  EXPECT_EQ(std::get<bool>(file.settings.at("headlight.every.bool")), true);
  EXPECT_EQ(std::get<std::string>(file.settings.at("headlight.every.string")),
            "na\u00efve \u6ce8\u610f \" \\ </script>");
  EXPECT_TRUE(std::holds_alternative<attn::NestedSetting>(file.settings.at("headlight.every.array_of_float32")));
  EXPECT_EQ(std::get<double>(file.settings.at("headlight.every.array_of_float32.1")), -1.5);
  EXPECT_EQ(std::get<bool>(file.settings.at("headlight.every.array_of_bool.0")), true);
  EXPECT_EQ(std::get<bool>(file.settings.at("headlight.every.array_of_bool.1")), false);
  EXPECT_EQ(std::get<std::string>(file.settings.at("general.name")), "headlight tiny");
  EXPECT_EQ(std::get<double>(read(Gguf().set("a", test::kU64, raw(~0ULL)).bytes()).settings.at("a")), 0x1p64);
}

TEST(ReadGguf, LeavesLongListsAndLongTextsOutOfTheSettings) {
  const std::string zeros(1025, '\0');
  const Gguf written = Gguf()
                           .list("short", test::kU8, 1024, zeros.substr(1))
                           .list("long", test::kU8, 1025, zeros)
                           .texts("texts", {"a"})
                           .list(std::string(256, 'k'), test::kU8, 1, "a")
                           .list(std::string(257, 'k'), test::kU8, 1, "a")
                           .text("page", std::string(4096, 'x'))
                           .text("book", std::string(4097, 'x'));
  const attn::Settings settings = read(written.bytes()).settings;
  EXPECT_TRUE(settings.contains("short.1023"));
  EXPECT_FALSE(settings.contains("long.0"));
  EXPECT_FALSE(settings.contains("texts.0"));
  EXPECT_TRUE(settings.contains(std::string(256, 'k') + ".0"));
  EXPECT_FALSE(settings.contains(std::string(257, 'k') + ".0")) << "or a file could make much of little";
  for (const char* key : {"short", "long", "texts", "book"}) {
    EXPECT_TRUE(std::holds_alternative<attn::NestedSetting>(settings.at(key))) << key;
  }
  EXPECT_EQ(std::get<std::string>(settings.at("page")).size(), 4096U);
}

TEST(ReadGguf, ReadsTheTokenizer) {
  const GgufFile tiny = attn::read_gguf(
      test::bytes_of(test::read_text(std::filesystem::path(HEADLIGHT_GOLDEN) / "gguf" / "tiny.gguf")), "tiny.gguf");
  const attn::GgufTokenizer& tokenizer = tiny.tokenizer;
  EXPECT_TRUE(tokenizer.present);
  EXPECT_EQ(tokenizer.model, "gpt2");
  EXPECT_EQ(tokenizer.pre, "gpt-2");
  ASSERT_EQ(tokenizer.tokens.size(), 299U);
  EXPECT_EQ(tokenizer.tokens[0], "<|end|>");
  EXPECT_EQ(tokenizer.tokens[1], "<|start|>");
  ASSERT_EQ(tokenizer.types.size(), 299U);
  EXPECT_EQ(tokenizer.types[1], 3);
  EXPECT_EQ(tokenizer.types[298], 1);
  EXPECT_TRUE(tokenizer.scores.empty());
  EXPECT_EQ(tokenizer.merges.size(), 299U - 2 - 256);
  EXPECT_EQ(tokenizer.bos, 1);
  EXPECT_EQ(tokenizer.eos, 0);
  EXPECT_FALSE(tokenizer.unknown);
  EXPECT_EQ(tokenizer.add_bos, false);
  EXPECT_FALSE(tokenizer.add_eos);
  EXPECT_FALSE(tokenizer.chat_template);

  const std::string book(5000, 'x');
  const Gguf written = with_tokens()
                           .text("tokenizer.chat_template", book)
                           .text("tokenizer.huggingface.json", "{}")
                           .u32("tokenizer.ggml.unknown_token_id", 2)
                           .set("tokenizer.ggml.add_space_prefix", test::kBool, std::string_view("\0", 1))
                           .set("tokenizer.ggml.add_eos_token", test::kBool, "\1")
                           .list("tokenizer.ggml.scores", test::kF32, 3, raw(0.0F) + raw(-1.5F) + raw(2.0F));
  const attn::GgufTokenizer other = read(written.bytes()).tokenizer;
  EXPECT_EQ(other.chat_template, book) << "longer than a setting may be";
  EXPECT_EQ(other.huggingface, "{}");
  EXPECT_EQ(other.unknown, 2);
  EXPECT_EQ(other.add_space_prefix, false);
  EXPECT_EQ(other.add_eos, true);
  EXPECT_EQ(other.scores, (std::vector<float>{0.0F, -1.5F, 2.0F}));
  EXPECT_FALSE(read(Gguf().bytes()).tokenizer.present);
}

TEST(ReadGguf, MakesTextOfTokensThatAreBytes) {
  const GgufFile file = read(Gguf().texts("tokenizer.ggml.tokens", {"\xFF", "a\xE2\x82", "<0x0A>", ""}).bytes());
  EXPECT_EQ(file.tokenizer.tokens, (std::vector<std::string>{"\uFFFD", "a\uFFFD\uFFFD", "<0x0A>", ""}));
}

TEST(ReadGguf, GivesTheReferencesTensorsNumberForNumber) {
  const std::filesystem::path folder = std::filesystem::path(HEADLIGHT_GOLDEN) / "gguf";
  const GgufFile file = attn::read_gguf(test::bytes_of(test::read_text(folder / "tiny.gguf")), "tiny.gguf");
  const attn::Checkpoint expected = test::golden("gguf/tiny/model.safetensors");
  const std::pair<const char*, const char*> parts[] = {
      {"attn_q", "self_attn.q_proj"},      {"attn_k", "self_attn.k_proj"},   {"attn_v", "self_attn.v_proj"},
      {"attn_output", "self_attn.o_proj"}, {"ffn_gate", "mlp.gate_proj"},    {"ffn_up", "mlp.up_proj"},
      {"ffn_down", "mlp.down_proj"},       {"attn_norm", "input_layernorm"}, {"ffn_norm", "post_attention_layernorm"},
  };
  std::vector<std::pair<std::string, std::string>> names = {{"token_embd.weight", "model.embed_tokens.weight"},
                                                            {"output_norm.weight", "model.norm.weight"},
                                                            {"output.weight", "lm_head.weight"}};
  for (const char* layer : {"0", "1"}) {
    for (const auto& [gguf, usual] : parts) {
      names.emplace_back(std::string("blk.") + layer + "." + gguf + ".weight",
                         std::string("model.layers.") + layer + "." + usual + ".weight");
    }
  }
  EXPECT_EQ(file.checkpoint.tensors.size(), names.size());
  EXPECT_EQ(expected.tensors.size(), names.size());
  for (const auto& [gguf, usual] : names) {
    SCOPED_TRACE(gguf);
    const attn::Tensor* tensor = file.checkpoint.find(gguf);
    ASSERT_NE(tensor, nullptr);
    ASSERT_EQ(tensor->shape, expected.find(usual)->shape);
    EXPECT_EQ(tensor->dtype_name, attn::name_of(tensor->dtype));
    const attn::Matrix found = test::tensor(file.checkpoint, gguf).view();
    attn::Matrix wanted = test::tensor(expected, usual).view();
    if (usual.ends_with("q_proj.weight") || usual.ends_with("k_proj.weight")) {
      // In the file the numbers of a rotary pair are neighbours.
      const Index n_heads = usual.ends_with("q_proj.weight") ? 4 : 2;
      const Index d_head = wanted.rows() / n_heads;
      attn::Matrix reordered(wanted.rows(), wanted.cols());
      for (Index row = 0; row < wanted.rows(); ++row) {
        const Index i = row % d_head;
        reordered.row(row - i + (i < d_head / 2 ? 2 * i : 2 * (i - d_head / 2) + 1)) = wanted.row(row);
      }
      wanted = reordered;
    }
    const double scale = wanted.cwiseAbs().maxCoeff();
    EXPECT_LE(test::difference(found, wanted), 1e-6 * scale);
  }
}

TEST(ReadGguf, LeavesNumbersWhereTheyLie) {
  const attn::FileBytes bytes = test::bytes_of(good().bytes());
  const GgufFile file = attn::read_gguf(bytes, "m.gguf");
  const attn::Tensor* tensor = file.checkpoint.find("w");
  EXPECT_EQ(tensor->data.get(), bytes.data.get() + bytes.size - 64);
  EXPECT_EQ(tensor->bytes, 32U);
  EXPECT_EQ(tensor->shape, (std::vector<Index>{2, 4})) << "outermost first";
  EXPECT_EQ(file.checkpoint.bytes, bytes.size);
}

TEST(ReadGguf, KeepsTypesThatAreNotComputedAndRefusesTheirUseByName) {
  const std::tuple<std::uint32_t, std::uint64_t, std::size_t, const char*> types[] = {
      {10, 256, 84, "Q2_K"}, {11, 256, 110, "Q3_K"}, {23, 256, 136, "IQ4_XS"}, {20, 32, 18, "IQ4_NL"},
      {24, 8, 8, "I8"},      {28, 2, 16, "F64"},     {34, 256, 54, "TQ1_0"},   {39, 32, 17, "MXFP4"},
  };
  for (const auto& [type, count, n_bytes, name] : types) {
    SCOPED_TRACE(name);
    const GgufFile file = read(with_tensor({count}, type, n_bytes).bytes());
    const attn::Tensor& tensor = *file.checkpoint.find("w");
    EXPECT_EQ(tensor.dtype, attn::Dtype::kOther);
    EXPECT_EQ(tensor.dtype_name, name);
    EXPECT_EQ(tensor.bytes, n_bytes);
    test::expect_refusal({kUnsupported, std::string("\"w\".*") + name, "Q8_0", name},
                         [&, n = static_cast<Index>(count)] { attn::numbers_of("w", tensor, 1, n); });
  }
}

TEST(ReadGguf, GivesAModelThatRuns) {
  const GgufFile file = read(tiny_llama().bytes());
  const auto model = std::make_shared<const attn::Model>(attn::make_model(file.settings, file.checkpoint));
  const attn::ForwardTrace trace = attn::forward(model, {.ids = {0, 4, 2}, .types = {}, .padding = {}});
  for (Index head = 0; head < 2; ++head) {
    const attn::Matrix weights = attn::head_weights(trace, 0, head);
    for (Index row = 0; row < 3; ++row) EXPECT_NEAR(weights.row(row).sum(), 1.0F, 1e-5F);
  }
}

TEST(IsGguf, LooksAtTheFirstWord) {
  EXPECT_TRUE(attn::is_gguf(good().bytes()));
  EXPECT_TRUE(attn::is_gguf("FUGG")) << "big-endian, to be refused by that name";
  for (const char* other : {"", "GGU", "gguf", "xGGUF"}) EXPECT_FALSE(attn::is_gguf(other)) << other;
}

TEST(ReadGguf, SurvivesMutations) {
  Gguf blocks = with_tokens();
  test::Random random(5);
  const std::pair<std::uint32_t, std::size_t> types[] = {{2, 18},   {3, 20},   {6, 22},   {7, 24},   {8, 34},
                                                         {12, 144}, {13, 176}, {14, 210}, {30, 512}, {1, 512}};
  for (const auto& [type, n_bytes] : types) {
    const std::uint64_t count = n_bytes < 100 ? 32 : 256;
    blocks.add({.name = "t" + std::to_string(type),
                .lengths = {count},
                .type = type,
                .data = floats(n_bytes / 4 + 1, random).substr(0, n_bytes)});
  }
  const std::vector<std::string> seeds = {good().bytes(), blocks.bytes(), tiny_llama().bytes()};
  test::survive_mutations(seeds, 3, [](const std::string& bytes) {
    const GgufFile file = read(bytes);
    test::expand_all(file.checkpoint);
    test::run_all(file.settings, file.checkpoint);
  });
}

TEST(ReadGguf, SurvivesMutationsOfTheReferencesHeader) {
  // Only the header changes: the same bytes of data under another description.
  const std::string bytes = test::read_text(std::filesystem::path(HEADLIGHT_GOLDEN) / "gguf" / "tiny.gguf");
  constexpr std::size_t kHeader = 12000;
  test::Random random(4);
  const int count = std::max(1, test::mutation_count() / 50);
  int refused = 0;
  for (int round = 0; round < count; ++round) {
    try {
      const GgufFile file = read(test::mutated(bytes, kHeader, random));
      EXPECT_LE(file.checkpoint.tensors.size(), attn::kMostGgufTensors);
    } catch (const attn::Error& error) {
      EXPECT_NE(std::string(error.what()).find("m.gguf"), std::string::npos);
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
