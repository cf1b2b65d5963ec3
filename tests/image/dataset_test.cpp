#include "image/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <numeric>
#include <opencv2/imgcodecs.hpp>
#include <optional>
#include <set>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "support.h"

namespace fs = std::filesystem;

namespace obscura::image {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

/// The message of what is thrown, whatever child of Error it is.
template <class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

/// Loads, or says why the test cannot run here.
std::optional<Dataset> load_or_skip(const std::string& name, Split split, std::size_t limit = 0) {
  std::error_code ec;
  if (!fs::is_directory(find_data_dir({}, name) / name, ec)) return std::nullopt;
  return load_dataset(name, split, {}, limit);
}

#define SKIP_WITHOUT(set) \
  if (!(set)) GTEST_SKIP() << "the data set is not on this machine (obscura data fetch)"

TEST(Dataset, MnistIsMnist) {
  const auto test = load_or_skip("mnist", Split::test);
  SKIP_WITHOUT(test);
  EXPECT_EQ(test->count, 10000U);
  EXPECT_EQ(test->images.size(), 10000U * 784);
  EXPECT_EQ(std::vector(test->labels.begin(), test->labels.begin() + 8),
            (std::vector<std::int64_t>{7, 2, 1, 0, 4, 1, 4, 9}));
  EXPECT_THAT(class_histogram(*test), ElementsAre(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009));
  const double mean = std::accumulate(test->images.begin(), test->images.end(), 0.0) / (255.0 * 784 * 10000);
  EXPECT_NEAR(mean, 0.1325, 0.0005);
  EXPECT_EQ(load_dataset("mnist", Split::train).count, 60000U);
}

TEST(Dataset, FashionMnistHasItsCounts) {
  const auto test = load_or_skip("fashion-mnist", Split::test);
  SKIP_WITHOUT(test);
  EXPECT_THAT(class_histogram(*test), Each(1000U));
  EXPECT_EQ(test->labels[0], 9);  // an ankle boot
  EXPECT_EQ(test->classes[9], "Ankle boot");
}

TEST(Dataset, KmnistSaysThatItsTrainingImagesAreMissing) {
  const auto test = load_or_skip("kmnist", Split::test);
  SKIP_WITHOUT(test);
  EXPECT_THAT(class_histogram(*test), Each(1000U));
  if (fs::exists(find_data_dir({}, "kmnist") / "kmnist/train-images-idx3-ubyte.gz")) return;
  EXPECT_THAT(error_of([] { load_dataset("kmnist", Split::train); }), HasSubstr("kmnist has no training images here"));
}

TEST(Dataset, KmnistsTestImagesAreDividedForGood) {
  const auto all = load_or_skip("kmnist", Split::test);
  SKIP_WITHOUT(all);
  const Dataset train = load_dataset("kmnist-split", Split::train), test = load_dataset("kmnist-split", Split::test);
  EXPECT_EQ(train.name, "kmnist-split");
  ASSERT_EQ(train.count, 8000U);
  ASSERT_EQ(test.count, 2000U);
  // Every image once: the pieces, sorted, are the whole.
  const auto sorted = [](std::initializer_list<const Dataset*> sets) {
    std::multiset<std::string> pictures;
    for (const Dataset* set : sets) {
      for (std::size_t n = 0; n < set->count; ++n) {
        const auto pixels = set->pixels(n);
        pictures.insert(std::to_string(set->labels[n]) + std::string(pixels.begin(), pixels.end()));
      }
    }
    return pictures;
  };
  EXPECT_TRUE(sorted({&train, &test}) == sorted({&*all}));
  // Results on the division can be compared only while it stays as it is.
  EXPECT_EQ(std::vector(test.labels.begin(), test.labels.begin() + 8),
            (std::vector<std::int64_t>{0, 7, 4, 2, 3, 9, 1, 1}));
  EXPECT_THAT(class_histogram(test), Each(::testing::AllOf(::testing::Gt(150U), ::testing::Lt(250U))));
  EXPECT_EQ(load_dataset("kmnist-split", Split::test, {}, 8).labels,
            std::vector(test.labels.begin(), test.labels.begin() + 8));
}

TEST(Dataset, CifarHasItsCountsAndOrder) {
  const auto test = load_or_skip("cifar-10", Split::test);
  SKIP_WITHOUT(test);
  EXPECT_EQ(test->channels, 3U);
  EXPECT_EQ(test->images.size(), 10000U * 3072);
  EXPECT_THAT(class_histogram(*test), Each(1000U));
  EXPECT_EQ(test->classes[static_cast<std::size_t>(test->labels[0])], "cat");
  // The first bytes of test_batch.bin: red along the first row.
  EXPECT_EQ(std::vector(test->images.begin(), test->images.begin() + 4), (Bytes{158, 159, 165, 166}));
  const Dataset train = load_dataset("cifar-10", Split::train, {}, 1500);
  EXPECT_EQ(train.count, 1500U);
  EXPECT_EQ(train.classes[static_cast<std::size_t>(train.labels[0])], "frog");
}

TEST(Dataset, NeuIsDividedByClass) {
  const auto test = load_or_skip("neu-cls", Split::test, 60);
  SKIP_WITHOUT(test);
  EXPECT_EQ(test->channels, 1U);
  EXPECT_EQ(test->height, 200U);
  EXPECT_THAT(class_histogram(*test), Each(10U));
}

TEST(Dataset, UnknownNamesListWhatThereIs) {
  EXPECT_THROW(load_dataset("mnits", Split::test), UsageError);
  EXPECT_THAT(error_of([] { load_dataset("mnits", Split::test); }), HasSubstr("fashion-mnist"));
  EXPECT_THROW(parse_split("both"), UsageError);
  for (const Split split : {Split::train, Split::validation, Split::test}) {
    EXPECT_EQ(parse_split(to_string(split)), split);
  }
  EXPECT_EQ(parse_split("val"), Split::validation);
  EXPECT_EQ(parse_split("valid"), Split::validation);
}

/// A data folder with a small MNIST in it, to be spoilt.
class SmallMnist : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(set());
    write_file(set() / "t10k-images-idx3-ubyte.gz", gzip(idx_images(5, 5, 28, 28)));
    write_file(set() / "t10k-labels-idx1-ubyte", idx_labels(5, {3, 1, 4, 1, 5}));
  }
  fs::path set() const { return folder_.path() / "mnist"; }
  Dataset load(std::size_t limit = 0) const { return load_dataset("mnist", Split::test, folder_.path(), limit); }
  std::string error() const {
    return error_of([&] { load(); });
  }
  TemporaryFolder folder_;
};

TEST_F(SmallMnist, LoadsPackedAndUnpackedFiles) {
  EXPECT_EQ(load().count, 5U);
  EXPECT_EQ(load(2).labels, (std::vector<std::int64_t>{3, 1}));
  EXPECT_EQ(load(2).image(1).at(0, 0), 784 % 251);
  EXPECT_THROW(load().image(5), ParameterError);
}

TEST_F(SmallMnist, ComplaintsNameTheFile) {
  EXPECT_THAT(error_of([&] { load_dataset("mnist", Split::train, folder_.path()); }),
              HasSubstr((set() / "train-images-idx3-ubyte.gz").string() + " is missing"));
  write_file(set() / "t10k-labels-idx1-ubyte", idx_labels(4, {3, 1, 4, 1}));
  EXPECT_THAT(error(), HasSubstr("holds 5 images but"));
  write_file(set() / "t10k-labels-idx1-ubyte", idx_labels(5, {3, 1, 4, 1, 10}));
  EXPECT_THAT(error(), HasSubstr("has the label 10"));
  write_file(set() / "t10k-images-idx3-ubyte.gz", "nonsense, and long enough to hold a header");
  EXPECT_THAT(error(), HasSubstr((set() / "t10k-images-idx3-ubyte.gz").string() + " is not an idx3-ubyte file"));
}

TEST_F(SmallMnist, TheEnvironmentNamesTheFolder) {
  const char* before = std::getenv("OBSCURA_DATA");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("OBSCURA_DATA", folder_.path().c_str(), 1);
  EXPECT_EQ(find_data_dir({}, "mnist"), folder_.path());
  EXPECT_EQ(find_data_dir("elsewhere", "mnist"), "elsewhere");
  EXPECT_EQ(load_dataset("mnist", Split::test).count, 5U);
  before == nullptr ? ::unsetenv("OBSCURA_DATA") : ::setenv("OBSCURA_DATA", kept.c_str(), 1);
}

TEST(Dataset, CifarBinaryBatches) {
  TemporaryFolder folder;
  const fs::path at = folder.path() / "cifar-10" / "cifar-10-batches-bin";
  fs::create_directories(at);
  Bytes batch(10000 * 3073);
  batch[0] = 7, batch[1] = 10, batch[1 + 1024] = 20, batch[1 + 2048] = 30, batch[3073] = 2;
  write_file(at / "test_batch.bin", batch);
  const Dataset set = load_dataset("cifar-10", Split::test, folder.path(), 2);
  EXPECT_EQ(set.labels, (std::vector<std::int64_t>{7, 2}));
  EXPECT_EQ(set.image(0).at(0, 0, 2), 30);
  EXPECT_THAT(error_of([&] { load_dataset("cifar-10", Split::train, folder.path()); }),
              HasSubstr("data_batch_1.bin is missing"));
  batch[3073] = 10;
  write_file(at / "test_batch.bin", batch);
  EXPECT_THAT(error_of([&] { load_dataset("cifar-10", Split::test, folder.path()); }), HasSubstr("label 10"));
  batch.pop_back();
  write_file(at / "test_batch.bin", batch);
  EXPECT_THAT(error_of([&] { load_dataset("cifar-10", Split::test, folder.path()); }),
              HasSubstr("not a CIFAR-10 batch"));
}

/// Two classes of ten flat images each; one is in colour, one has another size.
void make_image_folder(const fs::path& root) {
  for (const char* name : {"cats", "dogs"}) {
    fs::create_directories(root / name);
    for (std::uint8_t n = 0; n < 10; ++n) {
      write_png(root / name / ("picture-" + std::to_string(n) + ".png"), Image(1, 6, 8, n));
    }
  }
  write_png(root / "dogs" / "picture-3.png", Image(3, 12, 16, 33));
  write_file(root / "dogs" / "notes.txt", "not an image, and not asked to be");
}

TEST(Dataset, FolderOfImages) {
  TemporaryFolder folder;
  make_image_folder(folder.path() / "pets");
  const std::string path = (folder.path() / "pets").string();
  const Dataset train = load_dataset(path, Split::train), test = load_dataset(path, Split::test);
  EXPECT_EQ(train.name, "pets");
  EXPECT_THAT(train.classes, ElementsAre("cats", "dogs"));
  EXPECT_THAT(class_histogram(train), ElementsAre(8, 8));
  EXPECT_THAT(class_histogram(test), ElementsAre(2, 2));
  EXPECT_EQ(train.channels, 3U);
  EXPECT_EQ(test.channels, 1U);
  EXPECT_EQ(train.height, 6U);
  EXPECT_EQ(train.image(7), Image(3, 6, 8, 33));
  EXPECT_THAT(class_histogram(load_dataset(path, Split::train, {}, 4)), ElementsAre(2, 2));
  write_file(folder.path() / "pets/cats/picture-0.png", "no longer an image");
  EXPECT_THAT(error_of([&] { load_dataset(path, Split::train); }), HasSubstr("picture-0.png is not an image"));
}

TEST(Dataset, FolderWithSplits) {
  TemporaryFolder folder;
  make_image_folder(folder.path() / "train");
  fs::create_directories(folder.path() / "test");
  EXPECT_EQ(load_dataset(folder.path().string(), Split::train).count, 20U);
  EXPECT_THAT(error_of([&] { load_dataset(folder.path().string(), Split::test); }),
              HasSubstr("has no test images: it is divided into train/ and has no folder test/"));
}

TEST(Dataset, ContactSheetShowsARowAClass) {
  const Dataset set = load_dataset("samples", Split::test, {}, 50);
  const Image sheet = contact_sheet(set, 3);
  EXPECT_EQ(sheet.channels, 3U);
  EXPECT_EQ(sheet.height, 10U * (84 + 3) + 3);
  EXPECT_THROW(contact_sheet(Dataset(), 3), ParameterError);
}

TEST(Dataset, TransformSheetShowsARowATransform) {
  const Dataset set = load_dataset("samples", Split::test, {}, 50);
  const Image sheet = transform_sheet(set);
  EXPECT_EQ(sheet.channels, 3U);
  EXPECT_EQ(sheet.height, 9U * (84 + 3) + 3);
  EXPECT_EQ(sheet, transform_sheet(set));
  EXPECT_THROW(transform_sheet(Dataset()), ParameterError);
}

}  // namespace
}  // namespace obscura::image
