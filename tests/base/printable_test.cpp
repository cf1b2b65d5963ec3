#include "base/printable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace obscura {
namespace {

TEST(Printable, LeavesTextAsItIs) {
  for (const char* text : {"", "a b", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x88"}) EXPECT_EQ(printable(text), text);
}

TEST(Printable, TakesOutWhatMovesATerminal) {
  EXPECT_EQ(printable("a\x1b[31mb\r\n\x7f"), "a [31mb   ");
  EXPECT_EQ(printable("a\xc2\x9b"
                      "31m"),
            "a 31m");
}

TEST(Printable, MarksWhatIsNoUtf8) {
  EXPECT_EQ(printable("\xff"
                      "a\xc3"),
            "?a?");
  for (const char* text : {"\xc0\x80", "\xed\xa0\x80", "\xe0\x80\x80", "\xf5\x80\x80\x80", "\x80"}) {
    EXPECT_EQ(printable(text).find_first_not_of('?'), std::string::npos) << text;
  }
}

TEST(Printable, CutsBetweenCharacters) {
  EXPECT_EQ(printable("aaaa", 3), "aaa");
  EXPECT_EQ(printable("aa\xc3\xa9", 3), "aa");
  EXPECT_EQ(printable("a\xc3\xa9", 3), "a\xc3\xa9");
}

TEST(Printable, ErrorsKeepTheirTypeAndAreOneLine) {
  using ::testing::ThrowsMessage;
  const auto failing = [](auto error) { return [error] { with_printable_errors([&] { throw error; }); }; };
  EXPECT_THAT(failing(FormatError("a \"x\ny\x1b\" in it")), ThrowsMessage<FormatError>("a \"x y \" in it"));
  EXPECT_THAT(failing(MismatchError("a\nb")), ThrowsMessage<MismatchError>("a b"));
  EXPECT_THAT(failing(ParameterError("a\nb")), ThrowsMessage<ParameterError>("a b"));
  EXPECT_THAT(failing(UnsupportedError("a\nb")), ThrowsMessage<UnsupportedError>("a b"));
  EXPECT_THAT(failing(UsageError("a\nb")), ThrowsMessage<UsageError>("a b"));
  EXPECT_EQ(with_printable_errors([] { return 7; }), 7);
}

}  // namespace
}  // namespace obscura
