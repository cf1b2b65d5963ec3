#include "owner/key_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "compile/compile.h"
#include "compile/networks.h"
#include "message/client_wire.h"
#include "owner/key_folder.h"
#include "support/temporary.h"

namespace obscura::owner {
namespace {

using ::testing::HasSubstr;

const message::ClientSpec& client() {
  static const message::ClientSpec spec = compile::compile(networks::dense(51, {1, 6, 6}, 8, 5)).client;
  return spec;
}

ckks::Sealing sealing(const std::string& text) {
  return {[text](const std::string&, ckks::PassphraseUse) { return ckks::Passphrase(text); }, true, {1, 64}};
}

std::string refusal(const KeyFiles& files, const ckks::PassphraseSource& passphrase = {}) {
  try {
    open_key_files(files, passphrase);
    ADD_FAILURE() << "accepted";
  } catch (const Error& e) {
    return e.what();
  }
  return {};
}

TEST(KeyFiles, AreThoseOfAFolderAndComeBack) {
  const Owner owner(client());
  const KeyFiles files = write_key_files(owner, {7, true});
  const OpenedKeys again = open_key_files(files);
  EXPECT_EQ(again.owner.key().coefficients(), owner.key().coefficients());
  EXPECT_EQ(again.count.count, 7u);
  EXPECT_TRUE(again.count.complete);

  const TemporaryFolder folder;
  const auto put = [&](const char* name, std::span<const std::uint8_t> bytes) {
    write_secret_file(folder.path() / name, bytes);
  };
  const auto bytes = [](const std::string& text) { return ckks::Bytes(text.begin(), text.end()); };
  put("secret.key", files.secret), put("client.spec", files.client);
  put("client.tag", bytes(files.tag)), put("decryptions", bytes(files.decryptions));
  const KeyFolder keys(folder.path());
  EXPECT_EQ(keys.open().key().id(), owner.key().id());
  EXPECT_EQ(keys.count_decryptions(owner.key().id(), 2).count, 9u);
}

TEST(KeyFiles, OfAFolderAreTaken) {
  const TemporaryFolder parent;
  const auto folder = parent.path() / "keys";
  const Owner owner(client());
  KeyFolder(folder).put(owner, false);
  const auto text = [&](const char* name) {
    const auto bytes = read_file(folder / name);
    return std::string(bytes.begin(), bytes.end());
  };
  const KeyFiles files{read_file(folder / "secret.key"), read_file(folder / "client.spec"), text("client.tag"),
                       text("decryptions")};
  const OpenedKeys opened = open_key_files(files);
  const KeyFiles written = write_key_files(opened.owner, opened.count);
  EXPECT_EQ(written.secret, files.secret);
  EXPECT_EQ(written.client, files.client);
  EXPECT_EQ(written.tag, files.tag);
  EXPECT_EQ(written.decryptions, files.decryptions);
}

TEST(KeyFiles, SealedOnesOpenWithTheirPassphraseOnly) {
  const Owner owner(client());
  const KeyFiles files = write_key_files(owner, {}, sealing("correct horse"));
  EXPECT_EQ(open_key_files(files, sealing("correct horse").passphrase).owner.key().id(), owner.key().id());
  EXPECT_THAT(refusal(files), HasSubstr("is sealed with a passphrase, and none was given"));
  EXPECT_THAT(refusal(files, sealing("wrong horse").passphrase), HasSubstr("does not open with this passphrase"));
}

TEST(KeyFiles, OfTwoSetsOrAlteredAreRefused) {
  const Owner one(client()), two(client());
  const KeyFiles files = write_key_files(one, {}), others = write_key_files(two, {});
  KeyFiles mixed = files;
  mixed.secret = others.secret;
  EXPECT_THAT(refusal(mixed), HasSubstr("of different keygen runs"));
  mixed = files, mixed.tag = others.tag;
  EXPECT_THAT(refusal(mixed), HasSubstr("client.tag is not the tag"));

  message::ClientSpec altered = one.client();
  altered.logit_error *= 2;
  mixed = files, mixed.client = message::write_client_spec(altered);
  EXPECT_THAT(refusal(mixed), HasSubstr("client.tag is not the tag"));

  mixed = files, mixed.decryptions = "many\n";
  EXPECT_THAT(refusal(mixed), HasSubstr("is not a count of decryptions"));
  mixed = files, mixed.decryptions = others.decryptions;
  EXPECT_FALSE(open_key_files(mixed).count.complete);
  mixed = files, mixed.decryptions.clear();
  EXPECT_FALSE(open_key_files(mixed).count.complete);
}

TEST(KeyFiles, AreNotMadeOfInsecureParameters) {
  message::ClientSpec weak = client();
  weak.parameters.insecure = true;
  const Owner owner(weak);
  EXPECT_THROW(write_key_files(owner, {}), MismatchError);
}

}  // namespace
}  // namespace obscura::owner
