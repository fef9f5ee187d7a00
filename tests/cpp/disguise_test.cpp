// What people save by mistake in place of a model, each recognised by its first bytes.
#include "formats/disguise.h"

#include <gtest/gtest.h>

#include "golden.h"

namespace {

using attn::ErrorCode;

TEST(RefuseDisguised, NamesEveryKindItKnows) {
  using namespace std::string_view_literals;
  const std::tuple<std::string_view, const char*> disguises[] = {
      {"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "a Git LFS pointer"},
      {"<!DOCTYPE html>", "a web page"},
      {"<!doctype HTML>", "a web page"},
      {"<html lang=\"en\">", "a web page"},
      {" \r\n\t<HTML>", "a web page"},
      {"\xEF\xBB\xBF<!doctype html>", "a web page"},
      {"<?xml version=\"1.0\"?>", "an XML document"},
      {"<Error><Code>AccessDenied</Code>", "an XML document"},
      {"PK\x03\x04\x14\0"sv, "a zip archive"},
      {"\x80\x02}q\0"sv, "a Python pickle"},
      {"\x80\x03}q\0"sv, "a Python pickle"},
      {"\x80\x04\x95\0"sv, "a Python pickle"},
      {"\x80\x05\x95\0"sv, "a Python pickle"},
      {"\x1f\x8b\x08\0"sv, "a gzip archive"},
      {"\x89HDF\r\n\x1a\n", "an HDF5 file"},
      {"\x93NUMPY\x01\0"sv, "a NumPy array"},
      {"%PDF-1.7", "a PDF document"},
      {"\x89PNG\r\n\x1a\n", "a picture"},
      {"\xff\xd8\xff\xe0", "a picture"},
      {"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"},
      {"\x28\xb5\x2f\xfd\x04", "a Zstandard archive"},
      {"\xfd\x37zXZ\0"sv, "an xz archive"},
      {"BZh91AY&SY", "a bzip2 archive"},
      {"tjgg\x03\0\0\0"sv, "a GGML file"},
      {"lmgg\x01\0\0\0"sv, "a GGML file"},
      {"fmgg\x01\0\0\0"sv, "a GGML file"},
  };
  for (const auto& [bytes, found] : disguises) {
    SCOPED_TRACE(found);
    test::expect_refusal({ErrorCode::kNotAModel, std::string("^weights.bin is ") + found, "a model's file", found},
                         [text = bytes] { attn::refuse_disguised(text, "weights.bin"); });
  }
}

TEST(RefuseDisguised, TellsWhatToDoInstead) {
  test::expect_refusal({ErrorCode::kNotAModel, "download that one", "", ""},
                       [] { attn::refuse_disguised("version https://git-lfs", "x"); });
  test::expect_refusal({ErrorCode::kNotAModel, "as safetensors.*run code", "", ""},
                       [] { attn::refuse_disguised("\x80\x04\x95", "x"); });
}

TEST(RefuseDisguised, LetsTheRestPass) {
  using namespace std::string_view_literals;
  for (const std::string_view bytes : {""sv, " \n"sv, "P"sv, "\x02\0\0\0\0\0\0\0{}"sv, "html"sv, "GGUF\3\0\0\0"sv}) {
    EXPECT_NO_THROW(attn::refuse_disguised(bytes, "x")) << bytes;
  }
}

TEST(RefuseDisguised, LetsAHeaderPassWhoseLengthBeginsLikeAPickle) {
  using namespace std::string_view_literals;
  EXPECT_NO_THROW(attn::refuse_disguised("\x80\x02\0\0\0\0\0\0{\"w\":"sv, "x"));
  EXPECT_NO_THROW(attn::refuse_disguised("\x1f\x8b\0\0\0\0\0\0{\"w\":"sv, "x"));
}

}  // namespace
