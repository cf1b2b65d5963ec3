#include "image/fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "image/catalog.h"
#include "image/dataset.h"
#include "image/digest.h"
#include "image/download.h"
#include "image/tar.h"
#include "support.h"

namespace fs = std::filesystem;

namespace obscura::image {
namespace {

using testing::HasSubstr;

void append_member(Bytes& tar, const std::string& name, const Bytes& contents, char kind = '0') {
  Bytes header(512);
  std::copy(name.begin(), name.end(), header.begin());
  std::snprintf(reinterpret_cast<char*>(header.data()) + 124, 12, "%011zo", contents.size());
  header[156] = static_cast<std::uint8_t>(kind);
  std::fill_n(header.begin() + 148, 8, ' ');
  unsigned sum = 0;
  for (const std::uint8_t b : header) sum += b;
  std::snprintf(reinterpret_cast<char*>(header.data()) + 148, 8, "%06o", sum);
  tar.insert(tar.end(), header.begin(), header.end());
  tar.insert(tar.end(), contents.begin(), contents.end());
  tar.resize((tar.size() + 511) / 512 * 512);
}

Bytes small_tar() {
  Bytes tar;
  append_member(tar, "folder/", {}, '5');
  append_member(tar, "folder/a.bin", Bytes(700, 1));
  append_member(tar, "../../evil.bin", Bytes(10, 2));
  append_member(tar, "folder/skip.me", Bytes(513, 3));
  tar.resize(tar.size() + 1024);
  return tar;
}

std::vector<std::pair<std::string, std::size_t>> members(const Bytes& tar, std::size_t max_bytes = 10000) {
  std::vector<std::pair<std::string, std::size_t>> out;
  read_tar(
      tar, "archive", max_bytes, [](const std::string& name) { return name != "skip.me"; },
      [&](const std::string& name, const Bytes& bytes) { out.emplace_back(name, bytes.size()); });
  return out;
}

TEST(Tar, GivesLastNamesOnly) {
  const std::vector<std::pair<std::string, std::size_t>> expected = {{"a.bin", 700}, {"evil.bin", 10}};
  EXPECT_EQ(members(small_tar()), expected);
  EXPECT_EQ(members(gzip(small_tar())), expected);
  EXPECT_THROW(members(small_tar(), 600), FormatError);
}

TEST(Tar, SurvivesInjuries) {
  const Bytes plain = small_tar(), packed = gzip(plain);
  std::mt19937 random(5);
  for (int i = 0; i < 4000; ++i) {
    try {
      members(mutate(i % 2 == 0 ? plain : packed, random));
    } catch (const FormatError&) {
    }
  }
}

TEST(Digest, KnownAnswer) {
  const Bytes abc = {'a', 'b', 'c'};  // FIPS 180-4
  EXPECT_EQ(sha256(abc), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Catalog, IsWellFormed) {
  for (const std::string& name : dataset_names()) {
    if (name == "samples" || name == "kmnist-split" || name.starts_with("neu-cls-")) {
      EXPECT_THROW(catalog_entry(name), UsageError);
      continue;
    }
    for (const CatalogFile& file : catalog_entry(name).files) {
      EXPECT_EQ(file.sha256.size(), 64U) << file.name;
      EXPECT_EQ(file.name.find('/'), std::string::npos) << file.name;
    }
  }
}

std::string fetch_error(const FetchRequest& request) {
  try {
    fetch_dataset(request);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(Fetch, WrongBytesLeaveNothingBehind) {
  TemporaryFolder folder;
  const fs::path from = folder.path() / "from", to = folder.path() / "to";
  fs::create_directories(from);
  const std::string name = "train-images-idx3-ubyte.gz";
  write_file(from / name, "too short");
  EXPECT_THAT(fetch_error({"mnist", from, to, "", {}}), HasSubstr("9 bytes instead of 9912422"));
  write_file(from / name, Bytes(9912422));
  EXPECT_THAT(fetch_error({"mnist", from, to, "", {}}), HasSubstr("SHA-256 checksum is wrong"));
  EXPECT_FALSE(fs::exists(to / "mnist"));
  EXPECT_THAT(fetch_error({"mnist", folder.path() / "nowhere", to, "", {}}), HasSubstr("there is no folder"));
  EXPECT_THAT(fetch_error({"cifar-10", from, to, "", {}}), HasSubstr("holds neither"));
  EXPECT_THAT(fetch_error({"neu-cls", {}, to, "", {}}), HasSubstr("--from"));
  EXPECT_THAT(fetch_error({"neu-cls", from, to, "", {}}), HasSubstr("image 1 of crazing"));
}

TEST(Fetch, ABadMirrorLeavesNothingBehind) {
  if (std::system("curl --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "the program curl is not installed";
  TemporaryFolder folder;
  const fs::path from = folder.path() / "from", to = folder.path() / "to";
  fs::create_directories(from);
  const std::string mirror = "file://" + from.string();
  EXPECT_THAT(fetch_error({"mnist", {}, to, mirror, {}}), HasSubstr("cannot download"));
  write_file(from / "train-images-idx3-ubyte.gz", "not what was published");
  EXPECT_THAT(fetch_error({"mnist", {}, to, mirror, {}}), HasSubstr("is not the published"));
  EXPECT_FALSE(fs::exists(to / "mnist"));
}

TEST(Fetch, OnlyOverHttps) {
  TemporaryFolder folder;
  for (const char* mirror : {"http://example.org/mnist/", "HTTP://example.org", "ftp://example.org/", "example.org",
                             "https:/example.org", "https://", "httpsx://example.org"}) {
    const FetchRequest request{"mnist", {}, folder.path(), mirror, {}};
    try {
      fetch_dataset(request);
      ADD_FAILURE() << mirror << " was accepted";
    } catch (const UsageError& e) {
      EXPECT_THAT(e.what(), HasSubstr("over https only, not from " + std::string(mirror)));
    }
  }
  for (const char* name : {"mnist", "fashion-mnist", "kmnist", "cifar-10"}) {
    for (const std::string& mirror : catalog_entry(name).mirrors) EXPECT_NO_THROW(require_https(mirror)) << mirror;
  }
}

/// In the place of curl, a script that writes down what it was asked for.
TEST(Fetch, TellsCurlToFollowToHttpsOnly) {
  TemporaryFolder folder;
  const fs::path words = folder.path() / "words";
  write_file(folder.path() / "curl", "#!/bin/sh\necho \"$@\" >" + words.string() + "\nexit 1\n");
  fs::permissions(folder.path() / "curl", fs::perms::owner_all);
  const std::string before = std::getenv("PATH");
  ::setenv("PATH", (folder.path().string() + ":" + before).c_str(), 1);
  EXPECT_THROW(download("HTTPS://example.org/a", folder.path() / "a", 10), IoError);
  ::setenv("PATH", before.c_str(), 1);
  const Bytes text = read_file(words);
  EXPECT_THAT(std::string(text.begin(), text.end()), HasSubstr("--proto =https --proto-redir =https "));
  EXPECT_THROW(download("http://example.org/a", folder.path() / "a", 10), UsageError);
}

TEST(Fetch, TakesAndChecksRealFiles) {
  TemporaryFolder folder;
  const fs::path from = find_data_dir({}, "mnist");
  if (!check_dataset("mnist", from).complete()) GTEST_SKIP() << "MNIST is not on this machine";
  std::size_t lines = 0;
  const auto files = fetch_dataset({"mnist", from, folder.path(), "", [&](const std::string&) { ++lines; }});
  EXPECT_EQ(files.size(), 4U);
  EXPECT_EQ(lines, 4U);
  EXPECT_TRUE(check_dataset("mnist", folder.path()).complete());

  Bytes labels = read_file(files[3]);
  labels.back() ^= 1;
  write_file(files[3], labels);
  fs::remove(files[1]);
  const CheckReport report = check_dataset("mnist", folder.path());
  EXPECT_FALSE(report.complete());
  EXPECT_EQ(report.files[0].state, FileState::good);
  EXPECT_EQ(report.files[1].state, FileState::missing);
  EXPECT_EQ(report.files[3].state, FileState::altered);
  fetch_dataset({"mnist", from, folder.path(), "", {}});
  EXPECT_TRUE(check_dataset("mnist", folder.path()).complete());
}

TEST(Check, NothingThereIsNotComplete) {
  TemporaryFolder folder;
  for (const char* name : {"kmnist", "cifar-10", "neu-cls"}) {
    EXPECT_FALSE(check_dataset(name, folder.path()).complete()) << name;
  }
  EXPECT_THROW(check_dataset("nothing", folder.path()), UsageError);
}

}  // namespace
}  // namespace obscura::image
