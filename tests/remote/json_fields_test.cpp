#include "remote/json_fields.h"

#include <gtest/gtest.h>

#include "remote/support.h"

namespace obscura::remote {
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

TEST(JsonFields, TellWhatIsMissing) {
  const JsonFields json(ckks::ByteSpan(bytes_of(R"({"t":"x","n":3,"null":null})")), "the answer");
  EXPECT_EQ(json.text("t"), "x");
  EXPECT_EQ(json.text("null", "otherwise"), "otherwise");
  EXPECT_EQ(json.count("n"), 3U);
  EXPECT_EQ(json.count("m", 7), 7U);
  const auto error = error_of_call([&] { json.text("missing"); });
  EXPECT_EQ(error.code(), "unexpected");
  EXPECT_NE(std::string(error.what()).find("the answer has no 'missing'"), std::string::npos);
  for (const char* text : {R"({"n":-1})", R"({"n":1.5})", R"({"n":"1"})", R"({"n":99999999999999999999})"}) {
    EXPECT_EQ(error_of_call([&] { JsonFields(ckks::ByteSpan(bytes_of(text)), "it").count("n"); }).code(), "unexpected");
  }
}

}  // namespace
}  // namespace obscura::remote
