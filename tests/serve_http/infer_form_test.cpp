#include "serve/http/infer_form.h"

#include <gtest/gtest.h>

#include "serve/http/base64.h"
#include "serve/http/json_text.h"

namespace obscura::serve {
namespace {

Bytes bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}
std::string text_of(const Reply& reply) {
  const auto& body = std::get<0>(reply.body);
  return {body.begin(), body.end()};
}
std::string header_of(const Reply& reply, const std::string& name) {
  for (const auto& [key, value] : reply.headers) {
    if (key == name) return value;
  }
  return "";
}
Headers headers_of(const std::vector<std::pair<std::string, std::string>>& fields) {
  Headers headers;
  for (const auto& [name, value] : fields) headers.add(name, value);
  return headers;
}
InferCall parse(const std::string& body, const std::vector<std::pair<std::string, std::string>>& fields = {}) {
  return parse_infer(headers_of(fields), "m", "v", bytes_of(body));
}
InferCall parse_binary(const std::string& json, const std::string& behind) {
  return parse(json + behind, {{kJsonBytes, std::to_string(json.size())}});
}
std::string code_of(const std::function<void()>& call) {
  try {
    call();
    return "ok";
  } catch (const Failure& failure) {
    return std::string(name_of(failure.code()));
  }
}
InferReply reply_of(const std::string& answer) {
  return {"m", "v", "7", {{"answer", "BYTES", {1}, {bytes_of(answer)}}}};
}

const std::string kFour("\x04\0\0\0abcd", 8);

TEST(InferForm, OfTritonsPythonClient) {
  // tritonclient.http's InferenceServerClient.infer of one input and one output, as json.dumps and its body put them.
  const std::string json =
      "{\"id\":\"42\",\"inputs\":[{\"name\":\"query\",\"shape\":[1],\"datatype\":\"BYTES\",\"parameters\":"
      "{\"binary_data_size\":8}}],\"outputs\":[{\"name\":\"answer\",\"parameters\":{\"binary_data\":true}}],"
      "\"parameters\":{\"timeout\":5000000}}";
  const InferCall call = parse_binary(json, kFour);
  EXPECT_EQ(call.request.model, "m");
  EXPECT_EQ(call.request.version, "v");
  EXPECT_EQ(call.request.id, "42");
  EXPECT_EQ(call.request.timeout_us, 5000000);
  EXPECT_EQ(call.request.outputs, std::vector<std::string>{"answer"});
  ASSERT_EQ(call.request.inputs.size(), 1u);
  EXPECT_EQ(call.request.inputs[0].name, "query");
  EXPECT_EQ(call.request.inputs[0].datatype, "BYTES");
  EXPECT_EQ(call.request.inputs[0].shape, std::vector<std::int64_t>{1});
  EXPECT_EQ(call.request.inputs[0].elements, std::vector<Bytes>{bytes_of("abcd")});

  const Reply reply = write_infer(reply_of("xyz"), call.form);
  const std::string expected =
      "{\"model_name\":\"m\",\"model_version\":\"v\",\"id\":\"7\",\"outputs\":[{\"name\":\"answer\",\"datatype\":"
      "\"BYTES\",\"shape\":[1],\"parameters\":{\"binary_data_size\":7}}]}";
  EXPECT_EQ(header_of(reply, kJsonBytes), std::to_string(expected.size()));
  EXPECT_EQ(header_of(reply, "Content-Type"), "application/octet-stream");
  EXPECT_EQ(text_of(reply), expected + std::string("\x03\0\0\0xyz", 7));
}

TEST(InferForm, OutputsAreBinaryWhereTheRequestOrTheOutputSaysSo) {
  const std::string input =
      "\"inputs\":[{\"name\":\"query\",\"shape\":[1],\"datatype\":\"BYTES\",\"parameters\":{\"binary_data_size\":8}}]";
  const auto is_binary = [&](const std::string& more) {
    const InferCall call = parse_binary("{" + input + more + "}", kFour);
    return header_of(write_infer(reply_of("xyz"), call.form), kJsonBytes) != "";
  };
  EXPECT_FALSE(is_binary(""));
  EXPECT_TRUE(is_binary(",\"parameters\":{\"binary_data_output\":true}"));
  EXPECT_FALSE(
      is_binary(",\"parameters\":{\"binary_data_output\":true},\"outputs\":[{\"name\":\"answer\","
                "\"parameters\":{\"binary_data\":false}}]"));
  EXPECT_FALSE(is_binary(",\"outputs\":[{\"name\":\"other\",\"parameters\":{\"binary_data\":true}}]"));
}

TEST(InferForm, InJsonBytesAreBase64) {
  const std::string text = to_base64(bytes_of(std::string("\0\xff\x80", 3)));
  for (const std::string& data : {"[\"" + text + "\"]", "[[\"" + text + "\"]]"}) {
    const InferCall call = parse(
        "{\"inputs\":[{\"name\":\"query\",\"datatype\":\"BYTES\",\"shape\":[1],\"parameters\":"
        "{\"content_type\":\"base64\"},\"data\":" +
        data + "}]}");
    EXPECT_EQ(call.request.inputs[0].elements, std::vector<Bytes>{bytes_of(std::string("\0\xff\x80", 3))});
    const Json reply = Json::parse(text_of(write_infer(reply_of("xyz"), call.form)));
    EXPECT_EQ(reply["outputs"][0]["data"][0], "eHl6");
    EXPECT_EQ(reply["outputs"][0]["parameters"]["content_type"], "base64");
  }
}

TEST(InferForm, RawIsOneElementAndRawAgainForWhoWantsThat) {
  const InferCall binary = parse("the file", {{"inference-header-content-length", "0"}, {"Accept", "*/*"}});
  EXPECT_EQ(binary.request.inputs[0].name, kInput);
  EXPECT_EQ(binary.request.inputs[0].elements, std::vector<Bytes>{bytes_of("the file")});
  EXPECT_NE(header_of(write_infer(reply_of("xyz"), binary.form), kJsonBytes), "0");
  const InferCall raw = parse("the file", {{kJsonBytes, "0"}, {"Accept", "application/octet-stream"}});
  const Reply reply = write_infer(reply_of("xyz"), raw.form);
  EXPECT_EQ(text_of(reply), "xyz");
  EXPECT_EQ(header_of(reply, kJsonBytes), "0");
}

TEST(InferForm, ThatCannotBeIsRefused) {
  const auto input = [](const std::string& members) { return "{\"inputs\":[{\"name\":\"query\"," + members + "}]}"; };
  const std::string bytes = "\"datatype\":\"BYTES\",\"shape\":[1]";
  for (const std::string& json : {
           std::string("nonsense"),
           std::string(""),
           std::string("[]"),
           std::string("7"),
           std::string("{\"inputs\":7}"),
           std::string("{\"inputs\":[7]}"),
           std::string("{\"inputs\":[{}]}"),
           std::string("{\"id\":7}"),
           std::string("{\"parameters\":[]}"),
           std::string("{\"parameters\":{\"timeout\":-1}}"),
           std::string("{\"parameters\":{\"timeout\":\"soon\"}}"),
           std::string("{\"parameters\":{\"binary_data_output\":1}}"),
           std::string("{\"outputs\":[{\"name\":1}]}"),
           std::string("{\"id\":\"" + std::string(300, 'x') + "\"}"),
           input(bytes),
           input(bytes + ",\"data\":[\"plain text\"]"),
           input(bytes + ",\"data\":[\"****\"],\"parameters\":{\"content_type\":\"base64\"}"),
           input(bytes + ",\"data\":[7],\"parameters\":{\"content_type\":\"base64\"}"),
           input(bytes + ",\"data\":[\"eA==\",\"eA==\"],\"parameters\":{\"content_type\":\"base64\"}"),
           input(bytes + ",\"data\":[],\"parameters\":{\"content_type\":\"base64\"}"),
           input("\"datatype\":\"BYTES\",\"shape\":[-1],\"data\":[]"),
           input("\"datatype\":\"BYTES\",\"data\":[]"),
           input("\"datatype\":\"BYTES\",\"shape\":[1.5],\"data\":[]"),
           input("\"datatype\":\"BYTES\",\"shape\":[2000000000,2000000000,2000000000],\"data\":[\"eA==\"],"
                 "\"parameters\":{\"content_type\":\"base64\"}"),
           std::string(10000, '[') + std::string(10000, ']'),
       }) {
    EXPECT_EQ(code_of([&] { parse(json); }), "bad_request") << json.substr(0, 100);
  }
  const auto binary = [&](const std::string& size) {
    return input(bytes + ",\"parameters\":{\"binary_data_size\":" + size + "}");
  };
  for (const auto& [json, behind] : std::vector<std::pair<std::string, std::string>>{
           {binary("8"), ""},
           {binary("8"), kFour + "more"},
           {binary("4"), kFour},
           {binary("7"), kFour.substr(0, 7)},
           {binary("3"), "abc"},
           {binary("0"), ""},
           {binary("-8"), kFour},
           {binary("99999999999999999999"), kFour},
           {binary("8"), std::string("\xff\xff\xff\xff"
                                     "abcd",
                                     8)},
           {binary("16"), kFour + kFour},
           {input(bytes + ",\"data\":[],\"parameters\":{\"binary_data_size\":8}"), kFour},
           {"{\"inputs\":[]}", kFour},
       }) {
    EXPECT_EQ(code_of([&, json = json, behind = behind] { parse_binary(json, behind); }), "bad_request") << json;
  }
  for (const char* length : {"", "x", "-1", "1 ", "99999999999999999999999", "9"}) {
    EXPECT_EQ(code_of([&] { parse("{}", {{kJsonBytes, length}}); }), "bad_request") << length;
  }
  EXPECT_EQ(code_of([&] { parse("{}", {{kJsonBytes, "2"}, {kJsonBytes, "2"}}); }), "bad_request");
}

TEST(InferForm, ThatIsTooMuchOrNotSpokenHere) {
  const std::string large = "{\"x\":\"" + std::string(kMaxInferJson, 'x') + "\"}";
  EXPECT_EQ(code_of([&] { parse_binary(large, ""); }), "too_large");
  EXPECT_EQ(code_of([&] { parse("{\"parameters\":{\"sequence_id\":7}}"); }), "unsupported");
  EXPECT_EQ(code_of([&] { parse("{\"parameters\":{\"sequence_id\":0}}"); }), "ok");
  EXPECT_EQ(code_of([&] { parse("{\"outputs\":[{\"name\":\"answer\",\"parameters\":{\"classification\":3}}]}"); }),
            "unsupported");
}

TEST(InferForm, WhatWasSentIsNotRepeated) {
  try {
    parse("my secret is 1234");
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(std::string(failure.what()).find("secret"), std::string::npos);
  }
}

TEST(Base64, GoesBothWays) {
  for (std::size_t size = 0; size < 50; ++size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 37 + size);
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  }
  EXPECT_EQ(to_base64(bytes_of("foob")), "Zm9vYg==");
  for (const char* none : {"Zg=", "Zg", "Zg==x", "Z", "*", "Zm9v\n"}) EXPECT_FALSE(from_base64(none)) << none;
  EXPECT_FALSE(from_base64("QU\xff\xff"));  // found by fuzzing
}

}  // namespace
}  // namespace obscura::serve
