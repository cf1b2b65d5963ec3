#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "image/class_folders.h"
#include "image/dataset.h"
#include "support.h"

namespace fs = std::filesystem;

namespace obscura::image {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

template <class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

class SplitFolders : public testing::Test {
 protected:
  /// So many images of one grey in a folder.
  void put(const std::string& folder, std::size_t images, std::uint8_t grey = 7) {
    fs::create_directories(folder_.path() / folder);
    for (std::size_t n = 0; n < images; ++n) {
      write_png(folder_.path() / folder / ("n" + std::to_string(n) + ".png"), Image(1, 3, 4, grey));
    }
  }
  void put_file(const std::string& name) {
    fs::create_directories((folder_.path() / name).parent_path());
    std::ofstream(folder_.path() / name) << "x";
  }
  std::string path() const { return folder_.path().string(); }
  Dataset load(Split split, std::size_t limit = 0) const { return load_dataset(path(), split, {}, limit); }

  TemporaryFolder folder_;
};

TEST_F(SplitFolders, UsualNamesInAnyCase) {
  const std::vector<std::vector<std::string>> spellings = {{"train", "Train", "TRAIN", "training", "Training"},
                                                           {"val", "Val", "valid", "Valid", "validation", "Validation"},
                                                           {"test", "Test", "TEST", "testing", "Testing"}};
  for (std::size_t s = 0; s < spellings.size(); ++s) {
    for (const auto& name : spellings[s]) {
      SCOPED_TRACE(name);
      const TemporaryFolder folder;
      for (std::size_t k = 0; k < spellings.size(); ++k) {
        const std::string split = k == s ? name : spellings[k][0];
        for (const char* label : {"cat", "dog"}) {
          fs::create_directories(folder.path() / split / label);
          for (std::size_t n = 0; n <= k; ++n) {
            write_png(folder.path() / split / label / (std::to_string(n) + ".png"), Image(1, 2, 2, 9));
          }
        }
      }
      const std::string path = folder.path().string();
      for (const Split split : {Split::train, Split::validation, Split::test}) {
        EXPECT_TRUE(has_split(path, split));
        const Dataset set = load_dataset(path, split);
        EXPECT_EQ(set.count, 2 * (static_cast<std::size_t>(split) + 1)) << to_string(split);
        EXPECT_THAT(set.classes, ElementsAre("cat", "dog"));
        EXPECT_THAT(set.notes, IsEmpty());
      }
    }
  }
}

TEST_F(SplitFolders, AClassOfOneSplitIsAClassOfAll) {
  put("train/ant", 2);
  put("train/cat", 2);
  put("val/bee", 1);
  put("test/cat", 3);
  for (const Split split : {Split::train, Split::validation, Split::test}) {
    EXPECT_THAT(load(split).classes, ElementsAre("ant", "bee", "cat")) << to_string(split);
  }
  EXPECT_THAT(class_histogram(load(Split::train)), ElementsAre(2, 0, 2));
  EXPECT_THAT(class_histogram(load(Split::validation)), ElementsAre(0, 1, 0));
  EXPECT_THAT(class_histogram(load(Split::test)), ElementsAre(0, 0, 3));
  EXPECT_THAT(error_of([&] { require_classes_to_train(path()); }),
              AllOf(HasSubstr("no training images of the class 'bee'"), HasSubstr("'ant', 'cat'")));
  put("train/bee", 1);
  EXPECT_NO_THROW(require_classes_to_train(path()));
}

TEST_F(SplitFolders, AClassOfUnreadFilesStaysAClass) {
  put("ant", 5);
  put_file("bee/1.heic");
  put_file("bee/2.HEIC");
  put("cat", 5);
  const Dataset set = load(Split::train);
  EXPECT_THAT(set.classes, ElementsAre("ant", "bee", "cat"));
  EXPECT_THAT(class_histogram(set), ElementsAre(4, 0, 4));
  EXPECT_EQ(set.labels.back(), 2);
  EXPECT_THAT(set.notes,
              Contains(AllOf(HasSubstr("class 'bee' has no images that can be read"), HasSubstr("2 files (.heic)"))));
  EXPECT_THAT(error_of([&] { require_classes_to_train(path()); }), HasSubstr("the class 'bee'"));
}

TEST_F(SplitFolders, WhatIsLeftOutIsSaid) {
  put("train/cat", 1);
  put("test/cat", 1);
  put("extra/cat", 1);
  put("train/cat/small", 1);
  put_file("train/cat/list.txt");
  write_png(folder_.path() / "train/loose.png", Image(1, 2, 2, 1));
  write_png(folder_.path() / "cover.png", Image(1, 2, 2, 1));
  put_file("__MACOSX/x");
  put_file("train/.hidden/x.png");
  const Dataset set = load(Split::train);
  EXPECT_THAT(set.classes, ElementsAre("cat"));
  EXPECT_EQ(set.count, 1U);
  for (const char* part : {"left out extra/", "1 image that lie", "loose.png", "1 file (.txt)", "list.txt",
                           "1 folder inside folders of classes"}) {
    EXPECT_THAT(set.notes, Contains(HasSubstr(part))) << part;
  }
  EXPECT_THAT(set.notes, Not(Contains(HasSubstr("MACOSX"))));
}

TEST_F(SplitFolders, APlainFolderSaysHowItIsDivided) {
  put("cat", 12);
  put("dog", 4);
  const Dataset test = load(Split::test);
  EXPECT_EQ(test.count, 2U);
  EXPECT_EQ(load(Split::train).count, 14U);
  EXPECT_THAT(test.notes,
              Contains(AllOf(HasSubstr("every fifth image of a class is a test image"), HasSubstr("2 of 16"))));
  EXPECT_THAT(test.notes, Contains(HasSubstr("too few images to have a test image: class 'dog'")));
  EXPECT_THAT(error_of([&] { load(Split::validation); }), HasSubstr("has no validation images of its own"));
  EXPECT_FALSE(has_split(path(), Split::validation));
  EXPECT_TRUE(has_split(path(), Split::test));
}

TEST_F(SplitFolders, ValidationStandsInForATest) {
  put("Train/cat", 3);
  put("Valid/cat", 2, 50);
  EXPECT_FALSE(has_split(path(), Split::test));
  const Dataset test = load(Split::test);
  EXPECT_EQ(test.images.at(0), 50);
  EXPECT_THAT(test.notes, Contains(AllOf(HasSubstr("no folder test/"), HasSubstr("Valid/"))));
}

TEST_F(SplitFolders, WhatCouldBeTwoThingsIsRefused) {
  put("train/cat", 1);
  put("val/cat", 1);
  put("valid/cat", 1);
  EXPECT_THAT(error_of([&] { load(Split::train); }),
              AllOf(HasSubstr("more than one folder"), HasSubstr("val/, valid/")));
}

TEST_F(SplitFolders, SplitsWithoutClassesAreRefused) {
  put("train", 3);
  put("test", 3);
  EXPECT_THAT(error_of([&] { load(Split::test); }), AllOf(HasSubstr("test/, train/"), HasSubstr("no folder a class")));
}

TEST_F(SplitFolders, AClassMayBeCalledAsASplitIs) {
  put("valid", 5);
  put("invalid", 5);
  const Dataset set = load(Split::train);
  EXPECT_THAT(set.classes, ElementsAre("invalid", "valid"));
  EXPECT_THAT(set.notes, Contains(HasSubstr("valid/ holds images and no folders, so it is taken for a class")));
}

TEST_F(SplitFolders, KnowHowManyThereAre) {
  put("test/cat", 6);
  put("test/dog", 2);
  const Dataset set = load(Split::test, 4);
  EXPECT_EQ(set.count, 4U);
  EXPECT_EQ(set.available, 8U);
  EXPECT_TRUE(set.by_turn);
  EXPECT_THAT(class_histogram(set), ElementsAre(2, 2));
  EXPECT_THAT(error_of([&] { load(Split::train); }), HasSubstr("has no train images"));
}

TEST(Splits, NamedSetsHaveNoValidationImages) {
  EXPECT_FALSE(has_split("mnist", Split::validation));
  EXPECT_TRUE(has_split("samples", Split::test));
  EXPECT_THROW(load_dataset("samples", Split::validation), UsageError);
  EXPECT_THROW(has_split("mnits", Split::test), UsageError);
  const Dataset set = load_dataset("samples", Split::test, {}, 30);
  EXPECT_EQ(set.available, 1000U);
  EXPECT_NO_THROW(require_classes_to_train("mnist"));
}

}  // namespace
}  // namespace obscura::image
