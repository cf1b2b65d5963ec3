#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "ckks/wire_cases.h"
#include "compile/compile.h"
#include "compile/networks.h"
#include "message/client_wire.h"
#include "owner/key_folder.h"
#include "secret/wire.h"

namespace obscura::owner {
namespace {

class KeyFolders : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "obscura-keys-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = std::filesystem::path(name) / "a" / "keys";
    program_ = compile::compile(networks::dense(51, {1, 6, 6}, 8, 5));
  }
  void TearDown() override { std::filesystem::remove_all(folder_.parent_path().parent_path()); }

  /// Fresh keys in the folder; their owner.
  Owner made(bool replace = false) {
    const Owner owner(program_.client);
    KeyFolder(folder_).put(owner, replace);
    return KeyFolder(folder_).open();
  }
  std::string refusal() {
    try {
      KeyFolder(folder_).open();
      ADD_FAILURE() << "accepted";
    } catch (const Error& e) {
      return e.what();
    }
    return {};
  }
  void copy(const char* name, const std::filesystem::path& to) {
    std::filesystem::copy_file(folder_ / name, to / name, std::filesystem::copy_options::overwrite_existing);
  }

  std::filesystem::path folder_;
  program::Program program_;
};

using ::testing::HasSubstr;

TEST_F(KeyFolders, HoldsAnOwnerAndTheServersKeys) {
  const Owner owner = made();
  const Owner again = KeyFolder(folder_).open();
  EXPECT_EQ(again.key().coefficients(), owner.key().coefficients());
  EXPECT_EQ(message::write_client_spec(again.client()), message::write_client_spec(owner.client()));
  struct stat status {};
  ASSERT_EQ(::stat((folder_ / "secret.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  const auto keys = ckks::read_evaluation_keys(read_file(folder_ / "evaluation.key"));
  EXPECT_EQ(keys.parameters, program_.client.parameters);
  EXPECT_EQ(keys.keys.galois.size(), program_.client.keys.galois.size());
  EXPECT_TRUE(keys.keys.relin.has_value());
  EXPECT_EQ(keys.keys.key, owner.key().id());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 5);
}

TEST_F(KeyFolders, OfTwoSetsAreToldApart) {
  made();
  const std::filesystem::path other = folder_.parent_path() / "other";
  std::filesystem::create_directory(other);
  for (const char* name : {"secret.key", "client.spec", "evaluation.key"}) copy(name, other);
  made(true);
  const std::filesystem::path mixed = folder_;
  for (const char* name : {"secret.key", "client.spec", "evaluation.key"}) {
    const auto right = read_file(mixed / name);
    std::filesystem::copy_file(other / name, mixed / name, std::filesystem::copy_options::overwrite_existing);
    EXPECT_THAT(refusal(), HasSubstr("different keygen runs")) << name;
    std::filesystem::remove(mixed / name);
    write_secret_file(mixed / name, right);
  }
  std::filesystem::remove(mixed / "evaluation.key");  // it is the server's: it may be gone
  EXPECT_NO_THROW(KeyFolder(folder_).open());
}

/// Whoever alters a client spec can mend its checksum: an honest answer would become another class.
TEST_F(KeyFolders, AClientSpecThatWasAlteredIsRefused) {
  const Owner owner = made();
  const auto right = read_file(folder_ / "client.spec"), tag = read_file(folder_ / "client.tag");
  message::ClientSpec client = owner.client();
  std::swap(client.output_slots.front(), client.output_slots.back());
  write_file(folder_ / "client.spec", message::write_client_spec(client));
  EXPECT_THAT(refusal(), HasSubstr("was altered since keygen wrote"));
  client = owner.client();
  client.noise *= 1000;
  write_file(folder_ / "client.spec", message::write_client_spec(client));
  EXPECT_THAT(refusal(), HasSubstr("was altered since keygen wrote"));
  write_file(folder_ / "client.spec", right);
  EXPECT_NO_THROW(KeyFolder(folder_).open());
  auto other = tag;
  other[3] = other[3] == 'a' ? 'b' : 'a';
  write_file(folder_ / "client.tag", other);
  EXPECT_THAT(refusal(), HasSubstr("was altered since keygen wrote"));
  std::filesystem::remove(folder_ / "client.tag");
  EXPECT_THAT(refusal(), HasSubstr("client.tag is missing"));
  write_file(folder_ / "client.tag", tag);
  EXPECT_NO_THROW(KeyFolder(folder_).open());
}

TEST_F(KeyFolders, OthersMayNotReadTheSecret) {
  made();
  for (const mode_t mode : {0640, 0604, 0644, 0660}) {
    ASSERT_EQ(::chmod((folder_ / "secret.key").c_str(), mode), 0);
    EXPECT_THAT(refusal(), HasSubstr("chmod 600"));
  }
  ASSERT_EQ(::chmod((folder_ / "secret.key").c_str(), 0400), 0);
  EXPECT_NO_THROW(KeyFolder(folder_).open());
}

TEST_F(KeyFolders, InsecureParametersAreRefused) {
  const Owner owner = made();
  message::ClientSpec client = owner.client();
  client.parameters.insecure = true;
  write_file(folder_ / "client.spec", message::write_client_spec(client));
  EXPECT_THAT(refusal(), HasSubstr("marked insecure"));
  // Nor are keys made for them.
  client.key = {};
  const Owner misled(client);
  const KeyFolder other(folder_.parent_path() / "misled");
  EXPECT_THROW(other.put(misled, {}, false), MismatchError);
  EXPECT_FALSE(std::filesystem::exists(other.path()));
}

TEST_F(KeyFolders, MissingOrDamagedFilesAreNamed) {
  made();
  for (const std::string file : {"secret.key", "client.spec"}) {
    const auto refused = [&] { EXPECT_THAT(refusal(), HasSubstr((folder_ / file).string())); };
    const auto bytes = read_file(folder_ / file);
    auto damaged = bytes;
    damaged[bytes.size() / 2] ^= 1;
    write_secret_file(folder_ / file, damaged);
    refused();
    damaged.resize(bytes.size() / 2);
    write_secret_file(folder_ / file, damaged);
    refused();
    std::filesystem::remove(folder_ / file);
    refused();
    write_secret_file(folder_ / file, bytes);
  }
  EXPECT_NO_THROW(KeyFolder(folder_).open());
}

TEST_F(KeyFolders, IsNotMadeWhereAFileStands) {
  const Owner owner(program_.client);
  std::filesystem::create_directories(folder_.parent_path());
  write_file(folder_, std::string_view("a file"));
  EXPECT_THROW(KeyFolder(folder_).put(owner, true), IoError);
  EXPECT_THROW(KeyFolder(folder_).open(), IoError);
}

TEST_F(KeyFolders, OfSeveralAtOnceOneSucceeds) {
  std::vector<std::unique_ptr<Owner>> owners;
  for (int i = 0; i < 4; ++i) owners.push_back(std::make_unique<Owner>(program_.client));
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (const auto& owner : owners) {
    threads.emplace_back([&] {
      try {
        KeyFolder(folder_).put(*owner, false);
      } catch (const IoError&) {
        ++refused;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(refused, 3);
  EXPECT_NO_THROW(KeyFolder(folder_).open());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 5);
}

TEST_F(KeyFolders, CountsForItsKeyAndSaysWhereItCannotKnow) {
  const Owner owner = made();
  const KeyFolder folder(folder_);
  const ckks::KeyId id = owner.key().id();
  EXPECT_EQ(folder.count_decryptions(id, 3).count, 3u);
  const auto more = folder.count_decryptions(id, 4);
  EXPECT_EQ(more.count, 7u);
  EXPECT_TRUE(more.complete);
  std::filesystem::remove(folder_ / "decryptions");
  for (int i = 1; i <= 2; ++i) {
    const auto lost = folder.count_decryptions(id, 1);
    EXPECT_EQ(lost.count, static_cast<std::uint64_t>(i));
    EXPECT_FALSE(lost.complete) << "it stays unknown";
  }
  EXPECT_FALSE(folder.count_decryptions(ckks::KeyId{9}, 1).complete) << "of another key";
  for (const char* text : {"", "5\n", "many", "00 1\n"}) {
    write_file(folder_ / "decryptions", std::string_view(text));
    EXPECT_THROW(folder.count_decryptions(id, 1), FormatError) << text;
  }
}

TEST_F(KeyFolders, RemembersItsQueries) {
  const Owner owner = made();
  const KeyFolder folder(folder_);
  const auto images = networks::images(1, 36, 1);
  const message::Query query = owner.encrypt(images);
  folder.remember({query.key, ticket_of(query), {{"a, \"b\".png", "looks odd"}}});
  const QueryRecord record = folder.recall(query.id, owner.key().id());
  EXPECT_EQ(record.ticket.images, 1u);
  EXPECT_EQ(record.images.front().name, "a, \"b\".png");
  EXPECT_EQ(record.images.front().warning, "looks odd");
  EXPECT_THROW(folder.recall(owner.encrypt(images).id, owner.key().id()), MismatchError);
  EXPECT_THROW(folder.recall(query.id, ckks::KeyId{1}), MismatchError);
  write_file(folder_ / "queries" / "notes.txt", std::string_view("mine"));
  made(true);
  EXPECT_THROW(folder.recall(query.id, owner.key().id()), MismatchError) << "new keys, no old queries";
  EXPECT_TRUE(std::filesystem::exists(folder_ / "queries" / "notes.txt")) << "what is not ours stays";
}

std::vector<ckks::wire_test::Case> record_cases() {
  const auto rewrite = [](ckks::ByteSpan in) {
    return write_query_record(read_query_record(in, ckks::wire_test::kWhat));
  };
  QueryRecord record{ckks::KeyId{1, 2}, {message::QueryId{3}, 2}, {{"a.png", ""}, {"b.png", "odd"}}};
  const auto full = write_query_record(record);
  record.images.clear();
  return {{"record", full, rewrite}, {"record without names", write_query_record(record), rewrite}};
}

TEST(QueryRecord, SurvivesAnything) {
  std::uint64_t seed = 900;
  for (const auto& c : record_cases()) {
    EXPECT_EQ(c.rewrite(c.bytes), c.bytes);
    ckks::wire_test::expect_survives_mutations(c, 6'000, ++seed);
    ckks::wire_test::expect_exact_length(c);
  }
}

}  // namespace
}  // namespace obscura::owner
