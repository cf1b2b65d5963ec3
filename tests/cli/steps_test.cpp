#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "cli/support.h"
#include "image/image.h"

namespace obscura::cli {
namespace {

using testing::HasSubstr;

/// Keys of the network that ships, in both layouts, made once a program.
class Steps : public testing::Test {
 protected:
  static std::string keys(const std::string& mode) {
    static const TemporaryFolder folder;
    const fs::path path = folder / mode;
    if (!fs::exists(path)) {
      const Result made = obscura({"keygen", "--network", kModel, "--mode", mode, "--out", path.string()});
      EXPECT_EQ(made.status, 0) << made.err;
    }
    return path.string();
  }

  Result encrypt(const std::string& mode, std::vector<std::string> images) const {
    std::vector<std::string> arguments = {"encrypt", "--keys", keys(mode), "--out", query(), "--json"};
    arguments.insert(arguments.end(), images.begin(), images.end());
    return obscura(arguments);
  }
  Result classify(const std::string& mode) const {
    return obscura({"classify", "--network", kModel, "--eval-keys", keys(mode) + "/evaluation.key", query(), "--out",
                    answer(), "--json"});
  }
  Result decrypt(const std::string& mode) const {
    return obscura({"decrypt", "--keys", keys(mode), answer(), "--json"});
  }

  std::string query() const { return (work_ / "digit.ct").string(); }
  std::string answer() const { return (work_ / "answer.ct").string(); }

  TemporaryFolder work_;
};

TEST_F(Steps, PackedNamesTheDigit) {
  for (const int digit : {0, 7}) {
    const Result encrypted = encrypt("packed", {sample(std::to_string(digit) + "-0")});
    ASSERT_EQ(encrypted.status, 0) << encrypted.err;
    EXPECT_EQ(encrypted.err, "");
    EXPECT_EQ(encrypted.json()["bytes"], fs::file_size(query()));
    const Result classified = classify("packed");
    ASSERT_EQ(classified.status, 0) << classified.err;
    const auto report = classified.json();
    EXPECT_EQ(report["mode"], "packed");
    EXPECT_EQ(report["images"], 1);
    EXPECT_EQ(report["bytes"]["answer"], fs::file_size(answer()));
    EXPECT_FALSE(report["stages"].empty());
    const Result decrypted = decrypt("packed");
    ASSERT_EQ(decrypted.status, 0) << decrypted.err;
    const auto image = decrypted.json()["images"].at(0);
    EXPECT_EQ(image["class"], digit);
    EXPECT_EQ(image["top"].size(), 3);
    EXPECT_EQ(image["logits"].size(), 10);
    EXPECT_GT(image["confidence"], 0.5);
  }
}

TEST_F(Steps, BatchedNamesEveryDigit) {
  std::vector<std::string> images(10);
  for (std::size_t digit = 0; digit < images.size(); ++digit) images[digit] = sample(std::to_string(digit) + "-0");
  const Result encrypted = encrypt("batched", images);
  ASSERT_EQ(encrypted.status, 0) << encrypted.err;
  EXPECT_EQ(encrypted.json()["images"].size(), 10);
  const Result classified = classify("batched");
  ASSERT_EQ(classified.status, 0) << classified.err;
  EXPECT_EQ(classified.json()["mode"], "batched");
  const Result decrypted = decrypt("batched");
  ASSERT_EQ(decrypted.status, 0) << decrypted.err;
  const auto found = decrypted.json()["images"];
  ASSERT_EQ(found.size(), 10);
  int right = 0;
  for (int digit = 0; digit < 10; ++digit) right += found[static_cast<std::size_t>(digit)]["class"] == digit;
  EXPECT_GE(right, 9);
}

TEST_F(Steps, PeopleReadTheBestThree) {
  ASSERT_EQ(encrypt("packed", {sample("7-0")}).status, 0);
  ASSERT_EQ(classify("packed").status, 0);
  const Result decrypted = obscura({"decrypt", "--keys", keys("packed"), answer()});
  ASSERT_EQ(decrypted.status, 0) << decrypted.err;
  EXPECT_TRUE(decrypted.out.starts_with("7 ")) << decrypted.out;
  EXPECT_EQ(std::count(decrypted.out.begin(), decrypted.out.end(), '%'), 3);
  const Result one = obscura({"decrypt", "--keys", keys("packed"), answer(), "--top", "1"});
  EXPECT_EQ(std::count(one.out.begin(), one.out.end(), '%'), 1);
}

TEST_F(Steps, OddImagesAreMadeToFitWithANote) {
  const auto digit = image::read_image(sample("7-0"));
  const fs::path large = work_ / "large.png", colour = work_ / "colour.png";
  image::write_png(large, image::resize(digit, 61, 43));
  image::write_png(colour, image::to_rgb(digit));
  const Result resized = encrypt("packed", {large.string()});
  ASSERT_EQ(resized.status, 0) << resized.err;
  EXPECT_EQ(resized.error_lines(), 2);  // and how to keep its proportions
  EXPECT_THAT(resized.err, HasSubstr("resized from 43x61 to 28x28, which changes its proportions"));
  EXPECT_EQ(resized.json()["images"][0]["notes"].size(), 1);
  const Result converted = encrypt("packed", {colour.string()});
  ASSERT_EQ(converted.status, 0) << converted.err;
  EXPECT_EQ(converted.error_lines(), 1);
  ASSERT_EQ(classify("packed").status, 0);
  EXPECT_EQ(decrypt("packed").json()["images"][0]["class"], 7);
}

TEST_F(Steps, DecryptionsAreCountedAndTheNoteComes) {
  ASSERT_EQ(encrypt("packed", {sample("3-0")}).status, 0);
  ASSERT_EQ(classify("packed").status, 0);
  const auto before = decrypt("packed").json()["decryptions"].get<int>();
  const Result next = decrypt("packed");
  EXPECT_EQ(next.json()["decryptions"], before + 1);
  EXPECT_EQ(next.err, "");
  const fs::path counter = fs::path(keys("packed")) / "decryptions";
  const std::string counted = text_of(counter);
  put_text(counter, counted.substr(0, counted.find(' ')) + " 127\n");
  const Result noted = decrypt("packed");
  EXPECT_EQ(noted.status, 0);
  EXPECT_EQ(noted.json()["decryptions"], 128);
  EXPECT_EQ(noted.error_lines(), 1);
  EXPECT_THAT(noted.err, HasSubstr("128 ciphertexts decrypted"));
  put_text(counter, "many");
  const Result damaged = decrypt("packed");
  EXPECT_EQ(damaged.status, 1);
  EXPECT_EQ(damaged.out, "") << "nothing is shown that was not counted";
  EXPECT_EQ(damaged.error_lines(), 1);
  put_text(counter, counted);
}

TEST_F(Steps, SecretKeyIsTheOwnersAndIsNotReplaced) {
  const fs::path secret = fs::path(keys("packed")) / "secret.key";
  struct stat status {};
  ASSERT_EQ(::stat(secret.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600);
  const std::string before = text_of(secret);
  const Result again = obscura({"keygen", "--network", kModel, "--out", keys("packed")});
  EXPECT_EQ(again.status, 1);
  EXPECT_EQ(again.error_lines(), 1);
  EXPECT_THAT(again.err, HasSubstr("--force"));
  EXPECT_EQ(text_of(secret), before);
  const fs::path copy = work_ / "copy";
  fs::copy(keys("packed"), copy);
  const Result forced = obscura({"keygen", "--network", kModel, "--out", copy.string(), "--force", "--json"});
  ASSERT_EQ(forced.status, 0) << forced.err;
  EXPECT_NE(text_of(copy / "secret.key"), before);
  const auto report = forced.json();
  EXPECT_EQ(report["bytes"]["evaluation_keys"], fs::file_size(copy / "evaluation.key"));
  EXPECT_GE(report["parameters"]["security_bits"], 128);
}

TEST(Compile, ReportsBothLayouts) {
  for (const std::string mode : {"packed", "batched"}) {
    const Result text = obscura({"compile", kModel, "--mode", mode});
    ASSERT_EQ(text.status, 0) << text.err;
    EXPECT_THAT(text.out, HasSubstr(mode));
    const auto report = obscura({"compile", kModel, "--mode", mode, "--json"}).json();
    EXPECT_EQ(report["mode"], mode);
    EXPECT_EQ(report["outputs"], 10);
    EXPECT_GE(report["parameters"]["security_bits"], 128);
    EXPECT_EQ(report["stages"].size(), 3);
  }
}

}  // namespace
}  // namespace obscura::cli
