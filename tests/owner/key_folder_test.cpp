#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "base/error.h"
#include "base/file.h"
#include "ckks/secret_wire.h"
#include "ckks/wire.h"
#include "compile/client_wire.h"
#include "compile/networks.h"
#include "owner/owner.h"

namespace obscura::owner {
namespace {

class KeyFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "obscura-keys-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = std::filesystem::path(name) / "a" / "keys";
    program_ = compile::compile(networks::dense(51, {1, 6, 6}, 8, 5));
  }
  void TearDown() override { std::filesystem::remove_all(folder_.parent_path().parent_path()); }

  std::filesystem::path folder_;
  compile::Program program_;
};

TEST_F(KeyFolder, HoldsAnOwnerAndTheServersKeys) {
  const Owner owner(program_.client);
  save_keys(folder_, owner, owner.evaluation_keys(program_.keys));
  const Owner again = load_owner(folder_);
  EXPECT_EQ(again.key().coefficients(), owner.key().coefficients());
  EXPECT_EQ(compile::write_client_part(again.client()), compile::write_client_part(owner.client()));
  struct stat status {};
  ASSERT_EQ(::stat((folder_ / "secret.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  const auto keys = ckks::read_evaluation_keys(read_file(folder_ / "evaluation.key"));
  EXPECT_EQ(keys.parameters, program_.client.parameters);
  EXPECT_EQ(keys.keys.galois.size(), program_.keys.galois.size());
  EXPECT_TRUE(keys.keys.relin.has_value());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 3);
}

TEST_F(KeyFolder, OfAnotherNetworkIsRefused) {
  const Owner owner(program_.client);
  save_keys(folder_, owner, owner.evaluation_keys(program_.keys));
  const auto other = ckks::Context::create(ckks::make_parameters(13, {45, 40}, {49}));
  ckks::save_secret_key(folder_ / "secret.key", ckks::SecretKey(other));
  EXPECT_THROW(load_owner(folder_), MismatchError);
}

TEST_F(KeyFolder, MissingOrDamagedFilesAreNamed) {
  const Owner owner(program_.client);
  save_keys(folder_, owner, owner.evaluation_keys(program_.keys));
  const auto refused = [&](const std::string& file) {
    try {
      load_owner(folder_);
      ADD_FAILURE() << "accepted";
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), ::testing::HasSubstr((folder_ / file).string()));
    }
  };
  for (const std::string file : {"secret.key", "client.part"}) {
    const auto bytes = read_file(folder_ / file);
    auto damaged = bytes;
    damaged[bytes.size() / 2] ^= 1;
    write_file(folder_ / file, damaged);
    refused(file);
    damaged.resize(bytes.size() / 2);
    write_file(folder_ / file, damaged);
    refused(file);
    std::filesystem::remove(folder_ / file);
    refused(file);
    write_file(folder_ / file, bytes);
  }
  EXPECT_NO_THROW(load_owner(folder_));
}

TEST_F(KeyFolder, IsNotMadeWhereAFileStands) {
  const Owner owner(program_.client);
  const auto keys = owner.evaluation_keys(program_.keys);
  std::filesystem::create_directories(folder_.parent_path());
  write_file(folder_, std::string_view("a file"));
  EXPECT_THROW(save_keys(folder_, owner, keys), IoError);
  EXPECT_THROW(load_owner(folder_), IoError);
}

}  // namespace
}  // namespace obscura::owner
