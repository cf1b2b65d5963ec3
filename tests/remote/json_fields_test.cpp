#include "remote/json_fields.h"

#include <gtest/gtest.h>

#include "remote/support.h"

namespace obscura::remote {
namespace {

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
