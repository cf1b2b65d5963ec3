#include "study/images/class_match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace obscura::study {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Names = std::vector<std::string>;

const Names kDigits = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

ClassMatch match(const Names& classes, const Names& network, std::size_t outputs = 0) {
  return match_classes("photos", classes, std::vector<std::size_t>(classes.size(), 1), network,
                       outputs == 0 ? network.size() : outputs);
}

std::string refusal(const Names& classes, const Names& network, std::size_t outputs = 0) {
  try {
    match(classes, network, outputs);
  } catch (const MismatchError& e) {
    return e.what();
  }
  return "";
}

TEST(ClassMatch, ByNameInWhateverOrder) {
  const auto same = match({"cat", "dog"}, {"cat", "dog"});
  EXPECT_THAT(same.of, ElementsAre(0, 1));
  EXPECT_THAT(same.notes, IsEmpty());
  EXPECT_THAT(match({"ant", "bee", "cat"}, {"cat", "ant", "bee"}).of, ElementsAre(1, 2, 0));
}

TEST(ClassMatch, SomeOfTheNetworksClasses) {
  const auto some = match({"3", "7", "9"}, kDigits);
  EXPECT_THAT(some.of, ElementsAre(3, 7, 9));
  EXPECT_THAT(some.notes, ElementsAre(HasSubstr("3 of the network's 10 classes")));
}

TEST(ClassMatch, ButForCaseSeparatorsAndLeadingZeros) {
  const auto found = match({"Ankle_Boot", "T-shirt_top", "bag"}, {"T-shirt/top", "Bag", "ankle boot"});
  EXPECT_THAT(found.of, ElementsAre(2, 0, 1));
  EXPECT_THAT(found.notes, Contains(AllOf(HasSubstr("'Ankle_Boot'"), HasSubstr("'ankle boot'"))));
  EXPECT_THAT(match({"00", "07"}, kDigits).of, ElementsAre(0, 7));
}

TEST(ClassMatch, NotWhereTwoWouldFit) {
  EXPECT_THAT(match({"A", "a"}, {"a", "A"}).of, ElementsAre(1, 0)) << "letters: the same name first";
  EXPECT_THAT(refusal({"Sea-lion"}, {"sea lion", "sea_lion"}), HasSubstr("'Sea-lion'"));
  EXPECT_THAT(refusal({"Cat", "CAT"}, {"cat", "dog"}), HasSubstr("'Cat', 'CAT'"));
  EXPECT_THAT(refusal({"-", "_"}, {"_", "/"}), HasSubstr("'-'")) << "signs are their own names";
  EXPECT_THAT(refusal({"crane"}, {"crane", "crane"}), HasSubstr("'crane'")) << "two classes of one name";
}

TEST(ClassMatch, WhatFitsNothingIsRefusedByName) {
  const std::string words = refusal({"cat", "gnu", "yak"}, {"cat", "dog", "emu"});
  EXPECT_THAT(words, AllOf(HasSubstr("'gnu', 'yak'"), HasSubstr("'dog', 'emu'"), HasSubstr("--classes")));
  EXPECT_THAT(refusal({"a", "b"}, {"c", "d"}), HasSubstr("'a', 'b'")) << "as many classes are no match";
  EXPECT_THAT(refusal({"0", "1", "10"}, kDigits), HasSubstr("'10'"));
}

TEST(ClassMatch, AClassWithoutImagesNeedsNoMatch) {
  const auto found = match_classes("photos", {"cat", "thumbs"}, {3, 0}, {"dog", "cat"}, 2);
  EXPECT_THAT(found.of, ElementsAre(1, ClassMatch::kNoClass));
}

TEST(ClassMatch, NumbersAreIndices) {
  const auto named = match({"0", "2"}, {"zero", "one", "two"});
  EXPECT_THAT(named.of, ElementsAre(0, 2));
  EXPECT_THAT(named.notes, Contains(AllOf(HasSubstr("numbers of the network's outputs"), HasSubstr("'2' is 'two'"))));
  const auto unnamed = match({"3", "7", "9"}, {}, 10);
  EXPECT_THAT(unnamed.of, ElementsAre(3, 7, 9));
  EXPECT_THAT(unnamed.notes, Contains(HasSubstr("'7' is output 7")));
  const auto sorted = match({"0", "1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9"}, {}, 12);
  EXPECT_THAT(sorted.of, ElementsAre(0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_THAT(sorted.notes, Contains(HasSubstr("'10' is output 10")));
  EXPECT_THAT(refusal({"1", "01"}, {}, 3), HasSubstr("both output 1"));
}

TEST(ClassMatch, ByPositionOnlyWhereNothingIsNamedAndCountsAgree) {
  const auto found = match({"cat", "dog"}, {}, 2);
  EXPECT_THAT(found.of, ElementsAre(0, 1));
  EXPECT_THAT(found.notes, ElementsAre(AllOf(HasSubstr("matched by position"), HasSubstr("output 1 is 'dog'"))));
  EXPECT_THAT(refusal({"cat", "dog"}, {}, 3), AllOf(HasSubstr("2 classes"), HasSubstr("3 outputs")));
  EXPECT_THAT(refusal({"a", "b", "c"}, {}, 2), HasSubstr("3 classes"));
}

}  // namespace
}  // namespace obscura::study
