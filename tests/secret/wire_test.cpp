#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "ckks/wire_cases.h"
#include "secret/wire.h"

namespace obscura::ckks {
namespace {

using namespace wire_test;
namespace fs = std::filesystem;

Case secret_case(const ContextPtr& context) {
  return {"secret key", write_secret_key(SecretKey(context)), [context](ByteSpan in) {
            const SecretKey key = read_secret_key(in, kWhat);
            return key.context()->parameters() == context->parameters() ? write_secret_key(key) : Bytes{};
          }};
}

/// A fresh folder that goes away with the test.
class WireSecret : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "obscura-wire-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
  const ContextPtr context_ = Context::create(tiny_parameters());
};

TEST_F(WireSecret, RoundTrip) {
  for (const Parameters& parameters : {tiny_parameters(), small_parameters()}) {
    const SecretKey key(Context::create(parameters));
    const Bytes bytes = write_secret_key(key);
    EXPECT_EQ(bytes.size(),
              kEnvelopeBytes + 21 + 8 * (parameters.q.size() + parameters.p.size()) + key.context()->degree() / 4);
    const SecretKey again = read_secret_key(bytes);
    EXPECT_EQ(again.coefficients(), key.coefficients());
    EXPECT_EQ(again.context()->parameters(), parameters);
    EXPECT_EQ(read_secret_key(key.context(), bytes).coefficients(), key.coefficients());
  }
}

TEST_F(WireSecret, Golden) {
  std::vector<std::int8_t> coefficients(16);
  for (std::size_t i = 0; i < 16; i += 4) {
    coefficients[i + 1] = 1;
    coefficients[i + 2] = -1;
  }
  const Bytes bytes = write_secret_key(SecretKey(context_, coefficients));
  ASSERT_EQ(bytes.size(), 84u + 45 + 4);
  EXPECT_THAT(Bytes(bytes.end() - 36, bytes.end()),
              ::testing::ElementsAre(0x24, 0x24, 0x24, 0x24,  //
                                     0x30, 0x8c, 0x16, 0xd1, 0x9f, 0xda, 0x5b, 0xd7, 0x79, 0xdc, 0xa8, 0xcc, 0x99, 0xbd,
                                     0x18, 0x3b, 0xe0, 0x80, 0x6a, 0xe4, 0x4e, 0xe3, 0x2f, 0x1e, 0x18, 0x2d, 0x56, 0xb2,
                                     0xbb, 0x99, 0x53, 0x81));
}

TEST_F(WireSecret, Hostile) {
  const Case subject = secret_case(context_);
  expect_survives_mutations(subject, 12'000, 300);
  expect_exact_length(subject);
  expect_survives_mutations(secret_case(Context::create(small_parameters())), 300, 301);
  for (const std::uint8_t three : {0x03, 0x0c, 0x30, 0xc0}) {
    const Bytes bad = patched(subject.bytes, 45 + 1, Bytes{three});
    EXPECT_THROW(read_secret_key(bad), FormatError);
  }
}

TEST_F(WireSecret, OtherParametersAndKinds) {
  const Bytes bytes = write_secret_key(SecretKey(context_));
  EXPECT_THROW(read_secret_key(Context::create(small_parameters()), bytes), MismatchError);
  EXPECT_THROW(read_public_key(bytes), FormatError);
  EXPECT_THROW(read_secret_key(write_parameters(tiny_parameters())), FormatError);
}

TEST_F(WireSecret, FileIsForItsOwnerOnly) {
  const SecretKey key(context_);
  const fs::path path = folder_ / "secret.key";
  save_secret_key(path, key);
  EXPECT_EQ(load_secret_key(path).coefficients(), key.coefficients());
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(WireSecret, ErrorsNameTheFile) {
  const fs::path path = folder_ / "secret.key";
  EXPECT_THROW(load_secret_key(path), IoError);
  EXPECT_THROW(save_secret_key(folder_ / "none" / "secret.key", SecretKey(context_)), IoError);
  write_file(path, std::string_view("not a key"));
  try {
    load_secret_key(path);
    FAIL();
  } catch (const FormatError& e) {
    EXPECT_EQ(std::string(e.what()), path.string() + " is not a file of Obscura");
  }
}

}  // namespace
}  // namespace obscura::ckks
