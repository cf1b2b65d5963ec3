#include "study/file_kind.h"

#include <gtest/gtest.h>

#include "cli/support.h"

namespace obscura::study {
namespace {

TEST(FileKinds, AreKnownByTheirFirstBytes) {
  using namespace std::string_literals;
  const TemporaryFolder folder;
  const std::vector<std::pair<std::string, FileKind>> cases = {
      {"OBSCURA\0\x01\0\x0a\0"s, FileKind::secret_key},
      {"OBSCURA\0\x01\0\x0c\0"s, FileKind::answer},
      {"OBSCURA\0\x01\0\x63\0"s, FileKind::other},
      {"OBSHIELD", FileKind::protected_picture},
      {"\x89PNG\r\n\x1a\n", FileKind::png},
      {"\xff\xd8\xff\xe0", FileKind::picture},
      {"P6\n1 1\n255\n", FileKind::picture},
      {"\x08\x07\x12\x07obscura", FileKind::onnx},
      {"\x40\0\0\0\0\0\0\0{\"a\":1}"s, FileKind::safetensors},
      {"OBSCTRN1", FileKind::checkpoint},
      {"0123456789abcdef {\"journal of\":1}\n", FileKind::journal},
      {" {\"format\": \"obscura shield key\", cut off", FileKind::shield_key},
      {"{\"network\":1,\"dataset\":2,\"images\":3,\"threads\":4}", FileKind::evaluation},
      {"{\"model\":1,\"recipe\":2,\"epochs\":3,\"command\":4}", FileKind::curve},
      {"{\"kind\":\"obscura report\"}", FileKind::report},
      {"{\"shield\":1,\"attacks\":2,\"promise\":3}", FileKind::attacks},
      {"{\"name\":1}", FileKind::other},
      {"{", FileKind::other},
      {"<svg xmlns=", FileKind::svg},
      {"<!DOCTYPE html>", FileKind::html},
      {"# Title\n", FileKind::markdown},
      {"file,class\n", FileKind::csv},
      {"words\n", FileKind::other},
  };
  for (const auto& [text, kind] : cases) {
    cli::put_text(folder / "file", text);
    EXPECT_EQ(kind_of(folder / "file"), kind) << text;
  }
  EXPECT_EQ(kind_of(folder / "none"), FileKind::other);
  EXPECT_EQ(kind_of(folder.path()), FileKind::other);
}

}  // namespace
}  // namespace obscura::study
