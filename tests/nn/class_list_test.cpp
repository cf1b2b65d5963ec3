#include "nn/class_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"

namespace obscura::nn {
namespace {

using Names = std::vector<std::string>;

TEST(ClassList, AsPeopleAndProgramsWriteIt) {
  const Names pets = {"cat", "dog", "sea lion"};
  for (const char* text : {
           "cat,dog,sea lion",
           " cat , dog , sea lion ",
           "cat\ndog\nsea lion",
           "cat\r\ndog\r\nsea lion\r\n",
           "\xef\xbb\xbf"
           "cat\ndog\nsea lion\n",
           R"("cat","dog","sea lion")",
           "\"cat\"\n\"dog\"\n\"sea lion\"\n",
           R"(["cat", "dog", "sea lion"])",
           "[\n  \"cat\",\n  \"dog\",\n  \"sea lion\"\n]\n",
           "['cat', 'dog', 'sea lion']",
           "('cat', 'dog', 'sea lion',)",
           "[cat, dog, sea lion]",
           R"({"0": "cat", "1": "dog", "2": "sea lion"})",
           R"({"2": "sea lion", "0": "cat", "1": "dog"})",
           "{0: 'cat', 1: 'dog', 2: 'sea lion'}",
           "{0: cat, 1: dog, 2: sea lion}",
           R"({"cat": 0, "dog": 1, "sea lion": 2})",
           R"({"sea lion": 2, "cat": 0, "dog": 1})",
           "0: cat\n1: dog\n2: sea lion",
       }) {
    EXPECT_EQ(parse_class_list(text), pets) << text;
  }
}

TEST(ClassList, NamesKeepWhatIsTheirs) {
  EXPECT_EQ(parse_class_list("t-shirt, top\nbag"), (Names{"t-shirt, top", "bag"}));
  EXPECT_EQ(parse_class_list(R"x(["t-shirt, top", "bag (small)"])x"), (Names{"t-shirt, top", "bag (small)"}));
  EXPECT_EQ(parse_class_list("(none)\n[other]"), (Names{"(none)", "[other]"}));
  EXPECT_EQ(parse_class_list(R"(["8\" pipe", "a\\b", "it's"])"), (Names{"8\" pipe", "a\\b", "it's"}));
  EXPECT_EQ(parse_class_list(R"({0: "cat's", 1: 'do"g'})"), (Names{"cat's", "do\"g"}));
  EXPECT_EQ(parse_class_list(R"(["caf\u00e9", "\ud83d\ude00"])"), (Names{"caf\xc3\xa9", "\xf0\x9f\x98\x80"}));
  EXPECT_EQ(parse_class_list(R"({"0": "7", "1": "3"})"), (Names{"7", "3"}));
  EXPECT_EQ(parse_class_list(R"({"7": 0, "3": 1})"), (Names{"7", "3"})) << "quoted are names, bare are indices";
  EXPECT_EQ(parse_class_list("[0, 1, 2]"), (Names{"0", "1", "2"}));
  EXPECT_EQ(parse_class_list("a, b", true), (Names{"a, b"}));
}

TEST(ClassList, RefusesWhatIsNone) {
  for (const char* text :
       {"", " \n ", "[\"cat\"", "[\"cat", "['cat'] and more", "{0: 'cat', 0: 'dog'}", "{0: 'cat', 2: 'dog'}",
        "{'a': 'b'}", "cat,,dog", "[\"\"]", R"(["\u12"])", R"(["\ud83d"])", "{0 'cat'}", "[\"a\" \"b\"]"}) {
    EXPECT_THROW(parse_class_list(text), FormatError) << text;
  }
}

TEST(ClassList, WhatIsWrittenIsReadAgain) {
  std::mt19937 random(4);
  const std::string letters = "ab01 ,:'\"[](){}\\-_/.";
  for (int round = 0; round < 3000; ++round) {
    Names names(1 + random() % 4);
    for (auto& name : names) {
      for (std::size_t n = 1 + random() % 5; n > 0; --n) name.push_back(letters[random() % letters.size()]);
      name = "x" + name + "x";
      if (random() % 2 == 0) name = name.substr(1, name.size() - 2);
      if (name.front() == ' ' || name.back() == ' ') name = "y" + name + "y";
    }
    EXPECT_EQ(parse_class_list(class_list_text(names), names.size() == 1), names);
  }
  EXPECT_EQ(class_list_text({"cat", "sea lion"}), "cat\nsea lion");
}

}  // namespace
}  // namespace obscura::nn
