#include <gmock/gmock.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include "serve/grpc/inference_messages.h"
#include "serve/grpc/obscura_messages.h"
#include "serve/grpc/tensor_form.h"
#include "serve/grpc/wire_guard.h"

namespace obscura::serve::grpc_front {
namespace {

using ::inference::ModelInferRequest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ModelInferRequest request_with(const std::string& name = "query") {
  ModelInferRequest message;
  message.set_model_name("mnist");
  message.set_model_version("0123");
  message.set_id("17");
  auto& input = *message.add_inputs();
  input.set_name(name);
  input.set_datatype("BYTES");
  input.add_shape(1);
  return message;
}

ModelInferRequest bare(const std::string& bytes) {
  auto message = request_with();
  message.mutable_inputs(0)->mutable_contents()->add_bytes_contents(bytes);
  return message;
}

ModelInferRequest raw(const std::string& bytes) {
  auto message = request_with();
  message.add_raw_input_contents(bytes);
  return message;
}

Failure refusal(const ModelInferRequest& message) {
  try {
    read_request(message);
  } catch (const Failure& failure) {
    return failure;
  }
  ADD_FAILURE() << "accepted: " << message.ShortDebugString();
  return {FailureCode::internal, ""};
}

const std::string kThree("\3\0\0\0abc", 7);

TEST(InferMessages, BothFormsAreTheSameRequest) {
  for (const auto& message : {bare("abc"), raw(kThree)}) {
    const auto read = read_request(message);
    EXPECT_EQ(read.form, message.raw_input_contents().empty() ? Form::contents : Form::raw);
    EXPECT_EQ(read.request.model, "mnist");
    EXPECT_EQ(read.request.version, "0123");
    EXPECT_EQ(read.request.id, "17");
    EXPECT_FALSE(read.request.timeout_us);
    ASSERT_EQ(read.request.inputs.size(), 1u);
    const Tensor& tensor = read.request.inputs[0];
    EXPECT_EQ(tensor.name, "query");
    EXPECT_EQ(tensor.datatype, "BYTES");
    EXPECT_THAT(tensor.shape, ElementsAre(1));
    EXPECT_THAT(tensor.elements, ElementsAre(Bytes{'a', 'b', 'c'}));
  }
}

TEST(InferMessages, ReadsSeveralElementsAndOutputs) {
  auto message = raw(kThree + std::string("\0\0\0\0\1\0\0\0z", 9));
  message.mutable_inputs(0)->set_shape(0, 3);
  message.add_outputs()->set_name("answer");
  const auto read = read_request(message);
  EXPECT_THAT(read.request.inputs[0].elements, ElementsAre(Bytes{'a', 'b', 'c'}, Bytes{}, Bytes{'z'}));
  EXPECT_THAT(read.request.outputs, ElementsAre("answer"));
}

TEST(InferMessages, AnswersGoTheWayRequestsCame) {
  const InferReply reply{"mnist", "0123", "17", {{"answer", "BYTES", {1}, {{'a', 'b', 'c'}}}}};
  ::inference::ModelInferResponse in_contents, in_raw;
  write_reply(reply, Form::contents, in_contents);
  write_reply(reply, Form::raw, in_raw);
  for (const auto* message : {&in_contents, &in_raw}) {
    EXPECT_EQ(message->model_name(), "mnist");
    EXPECT_EQ(message->model_version(), "0123");
    EXPECT_EQ(message->id(), "17");
    ASSERT_EQ(message->outputs_size(), 1);
    EXPECT_EQ(message->outputs(0).name(), "answer");
    EXPECT_EQ(message->outputs(0).datatype(), "BYTES");
    EXPECT_THAT(message->outputs(0).shape(), ElementsAre(1));
  }
  EXPECT_THAT(in_contents.outputs(0).contents().bytes_contents(), ElementsAre("abc"));
  EXPECT_TRUE(in_contents.raw_output_contents().empty());
  EXPECT_FALSE(in_raw.outputs(0).has_contents());
  EXPECT_THAT(in_raw.raw_output_contents(), ElementsAre(kThree));
}

TEST(InferMessages, RefusesWhatContradictsItself) {
  auto both = raw(kThree);
  both.mutable_inputs(0)->mutable_contents()->add_bytes_contents("abc");
  EXPECT_THAT(refusal(both).what(), HasSubstr("use one of them"));
  auto two_entries = raw(kThree);
  two_entries.add_raw_input_contents(kThree);
  EXPECT_THAT(refusal(two_entries).what(), HasSubstr("2 entries for 1 inputs"));
  for (const auto& broken :
       {std::string("\3\0\0", 3), std::string("\4\0\0\0abc", 7), std::string("\xff\xff\xff\xff", 4)}) {
    EXPECT_THAT(refusal(raw(broken)).what(), HasSubstr("ends within an element"));
  }
  EXPECT_THAT(refusal(raw(kThree + kThree)).what(), HasSubstr("more elements"));
  EXPECT_THAT(refusal(raw("")).what(), HasSubstr("fewer elements"));
  EXPECT_THAT(refusal(request_with()).what(), HasSubstr("another number of elements"));
  for (const std::int64_t extent : {std::int64_t{-1}, std::int64_t{1} << 40}) {
    auto shaped = bare("abc");
    shaped.mutable_inputs(0)->set_shape(0, extent);
    EXPECT_THAT(refusal(shaped).what(), HasSubstr("a shape of more than"));
  }
  auto wide = bare("abc");
  for (int i = 0; i < 8; ++i) wide.mutable_inputs(0)->add_shape(1000);
  EXPECT_THAT(refusal(wide).what(), HasSubstr("a shape of more than"));
  auto floats = bare("abc");
  floats.mutable_inputs(0)->set_datatype("FP32");
  EXPECT_THAT(refusal(floats).what(), HasSubstr("datatype 'FP32'"));
  auto others = bare("abc");
  others.mutable_inputs(0)->mutable_contents()->add_fp32_contents(1);
  EXPECT_THAT(refusal(others).what(), HasSubstr("other types than bytes_contents"));
  auto named = bare("abc");
  named.set_id(std::string(257, 'x'));
  EXPECT_THAT(refusal(named).what(), HasSubstr("256 bytes"));
  EXPECT_EQ(refusal(named).code(), FailureCode::bad_request);
}

TEST(InferMessages, ReadsTheTimeout) {
  auto message = bare("abc");
  auto& timeout = (*message.mutable_parameters())["timeout"];
  timeout.set_int64_param(1500);
  EXPECT_EQ(read_request(message).request.timeout_us, 1500);
  timeout.set_uint64_param(1600);
  EXPECT_EQ(read_request(message).request.timeout_us, 1600);
  timeout.set_int64_param(0);
  EXPECT_FALSE(read_request(message).request.timeout_us);
  timeout.set_int64_param(-1);
  EXPECT_THAT(refusal(message).what(), HasSubstr("'timeout'"));
  timeout.set_uint64_param(~std::uint64_t{0});
  EXPECT_THAT(refusal(message).what(), HasSubstr("'timeout'"));
  timeout.set_string_param("soon");
  EXPECT_THAT(refusal(message).what(), HasSubstr("'timeout'"));
}

TEST(InferMessages, RefusesWhatCannotBeDone) {
  for (const char* name : {"classification", "shared_memory_region"}) {
    auto in_request = bare("abc"), in_input = bare("abc"), in_output = bare("abc");
    (*in_request.mutable_parameters())[name].set_int64_param(1);
    (*in_input.mutable_inputs(0)->mutable_parameters())[name].set_int64_param(1);
    (*in_output.add_outputs()->mutable_parameters())[name].set_int64_param(1);
    for (const auto& message : {in_request, in_input, in_output}) {
      EXPECT_EQ(refusal(message).code(), FailureCode::unsupported) << message.ShortDebugString();
    }
  }
  auto unknown = bare("abc");
  (*unknown.mutable_parameters())["priority"].set_uint64_param(1);
  EXPECT_NO_THROW(read_request(unknown));
}

TEST(InferMessages, FailuresOfStreamsKeepTheirDetails) {
  ::inference::ModelStreamInferResponse message;
  write_failure({FailureCode::keys_unknown, "send keys", {{"key_id", "ab"}}}, "17", message);
  EXPECT_EQ(message.error_message(), "send keys");
  EXPECT_EQ(message.infer_response().id(), "17");
  const auto& parameters = message.infer_response().parameters();
  EXPECT_EQ(parameters.at("obscura-code").string_param(), "keys_unknown");
  EXPECT_EQ(parameters.at("obscura-key_id").string_param(), "ab");
}

TEST(InferMessages, ModelsSayWhatClientsNeed) {
  ::inference::ModelMetadataResponse message;
  write_model({"mnist", "0123", "net", std::string(64, 'a'), 2, 300, 400, ""}, message);
  EXPECT_EQ(message.name(), "mnist");
  EXPECT_THAT(message.versions(), ElementsAre("0123"));
  EXPECT_EQ(message.platform(), "obscura_ckks");
  EXPECT_EQ(message.inputs(0).name(), "query");
  EXPECT_EQ(message.outputs(0).name(), "answer");
  EXPECT_THAT(message.inputs(0).shape(), ElementsAre(1));
  const auto& properties = message.properties();
  EXPECT_EQ(properties.at("network"), "net");
  EXPECT_EQ(properties.at("client_spec_url"), "/v2/obscura/specs/" + std::string(64, 'a'));
  EXPECT_EQ(properties.at("images_per_query"), "2");
  EXPECT_EQ(properties.at("max_query_bytes"), "300");
  EXPECT_EQ(properties.at("key_bytes"), "400");
}

TEST(KeyMessages, TimesAreThoseOfReadyKeysAlone) {
  KeyStatus status{std::string(64, 'b'), KeyState::ready, 10, 10, "cd", 1, 2, 3, {"mnist"}};
  v1::KeyStatus ready, partial;
  write_status(status, ready);
  EXPECT_EQ(ready.state(), v1::KEY_STATE_READY);
  EXPECT_EQ(ready.key_id(), "cd");
  EXPECT_EQ(ready.expires(), 3);
  EXPECT_THAT(ready.models(), ElementsAre("mnist"));
  status.state = KeyState::partial;
  write_status(status, partial);
  EXPECT_EQ(partial.state(), v1::KEY_STATE_PARTIAL);
  EXPECT_EQ(partial.bytes(), 10u);
  EXPECT_EQ(partial.created(), 0);
  EXPECT_TRUE(partial.key_id().empty());
}

bool few(const std::string& bytes, std::size_t most) {
  google::protobuf::io::ArrayInputStream in(bytes.data(), static_cast<int>(bytes.size()));
  return has_few_fields(in, *ModelInferRequest::descriptor(), most);
}

TEST(WireGuard, CountsFieldsWithinFields) {
  // Name, version, id; an input with name, type, shape and contents with one entry.
  const std::string bytes = bare("abc").SerializeAsString();
  EXPECT_TRUE(few(bytes, 9));
  EXPECT_FALSE(few(bytes, 8));
  EXPECT_TRUE(few("", 0));
}

TEST(WireGuard, RefusesFloodsAndDamage) {
  std::string empties;
  for (int i = 0; i < 5000; ++i) empties += std::string("\x2a\0", 2);  // inputs
  EXPECT_FALSE(few(empties, kMaxFields));
  auto message = request_with();
  for (int i = 0; i < 5000; ++i) message.mutable_inputs(0)->mutable_contents()->add_bytes_contents("");
  EXPECT_FALSE(few(message.SerializeAsString(), kMaxFields));
  const std::string whole = raw(kThree).SerializeAsString();
  EXPECT_FALSE(few(whole.substr(0, whole.size() - 1), kMaxFields));
  EXPECT_FALSE(few("\x0b\x0b\x0b", kMaxFields));  // groups
  EXPECT_FALSE(few("\xff\xff\xff\xff\xff\xff", kMaxFields));
}

}  // namespace
}  // namespace obscura::serve::grpc_front
