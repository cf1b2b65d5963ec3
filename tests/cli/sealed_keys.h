#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/support.h"

namespace obscura::cli {

inline const std::string kWord = "tiger-violin-97-quartz", kOther = "another one, of spaces";

/// Keys of the network that ships, sealed with kWord, and a query; made once.
class SealedKeys : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    made_ = new TemporaryFolder;
    put_private(*made_ / "word", kWord + "\n");
    put_private(*made_ / "other", kOther);
    keygen_ = new Result(obscura({"keygen", "--network", kModel, "--out", (*made_ / "keys").string(),
                                  "--passphrase-file", (*made_ / "word").string()}));
  }
  static void TearDownTestSuite() {
    delete made_;
    delete keygen_;
  }
  void SetUp() override {
    ASSERT_EQ(keygen_->status, 0) << keygen_->err;
    fs::copy(*made_ / "keys", keys(), fs::copy_options::recursive);
  }

  static void put_private(const fs::path& file, const std::string& text) {
    put_text(file, text);
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  }
  static std::string word() { return (*made_ / "word").string(); }
  static std::string other() { return (*made_ / "other").string(); }
  std::string keys() const { return (work_ / "keys").string(); }
  std::string query() const { return (work_ / "query.ct").string(); }

  Result encrypt(const std::vector<std::string>& passphrase, const std::string& before = "") const {
    std::vector<std::string> words = {"encrypt", "--keys", keys(), sample("7-0"), "--out", query()};
    words.insert(words.end(), passphrase.begin(), passphrase.end());
    return obscura(words, before);
  }
  Result passphrase(const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"keygen", "passphrase", keys()};
    words.insert(words.end(), more.begin(), more.end());
    return obscura(words);
  }

  static inline TemporaryFolder* made_ = nullptr;
  static inline Result* keygen_ = nullptr;
  TemporaryFolder work_;
};

}  // namespace obscura::cli
