#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include "nn/reference.h"
#include "serve/metrics.h"
#include "serve_grpc/house.h"

namespace obscura::serve {
namespace {

using namespace testing;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

TEST(GrpcFront, HealthAndMetadataNeedNoToken) {
  const House house;
  const Client client(house);
  {
    grpc::ClientContext context;
    ::inference::ServerLiveResponse reply;
    ASSERT_TRUE(client.inference->ServerLive(&context, {}, &reply).ok());
    EXPECT_TRUE(reply.live());
  }
  {
    grpc::ClientContext context;
    ::inference::ServerReadyResponse reply;
    ASSERT_TRUE(client.inference->ServerReady(&context, {}, &reply).ok());
    EXPECT_TRUE(reply.ready());
  }
  for (const char* name : {"small", "large"}) {
    grpc::ClientContext context;
    ::inference::ModelReadyRequest request;
    ::inference::ModelReadyResponse reply;
    request.set_name(name);
    ASSERT_TRUE(client.inference->ModelReady(&context, request, &reply).ok());
    EXPECT_EQ(reply.ready(), std::string(name) == "small");
  }
  grpc::ClientContext context;
  ::inference::ServerMetadataResponse reply;
  ASSERT_TRUE(client.inference->ServerMetadata(&context, {}, &reply).ok());
  EXPECT_EQ(reply.name(), "obscura");
  EXPECT_THAT(reply.extensions(), IsSupersetOf({"obscura_keys_v1", "obscura_search_v1"}));
}

TEST(GrpcFront, ModelMetadataLeadsToTheClientSpec) {
  const House house;
  const Client client(house);
  grpc::ClientContext context, unknown;
  client.show(context), client.show(unknown);
  ::inference::ModelMetadataRequest request;
  ::inference::ModelMetadataResponse reply;
  request.set_name("small");
  ASSERT_TRUE(client.inference->ModelMetadata(&context, request, &reply).ok());
  grpc::ClientContext for_spec;
  client.show(for_spec);
  v1::SpecRequest wanted;
  v1::File spec;
  wanted.set_hash(reply.properties().at("client_spec"));
  ASSERT_TRUE(client.specs->ClientSpec(&for_spec, wanted, &spec).ok());
  EXPECT_EQ(hash_text({reinterpret_cast<const std::uint8_t*>(spec.data().data()), spec.data().size()}), wanted.hash());
  request.set_name("large");
  EXPECT_EQ(client.inference->ModelMetadata(&unknown, request, &reply).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(trailer(unknown, "obscura-code"), "not_found");
}

/// Keys unknown, then sent, then both forms of the same query, and the owner reads them right.
TEST(GrpcFront, AnswersOnceKeysAreHere) {
  House house;
  const Client client(house);
  Customer customer(house.service, "small");
  for (const bool raw : {false, true}) {
    const auto request = infer_message(customer.query(3), raw);
    grpc::ClientContext context;
    ::inference::ModelInferResponse reply;
    if (!raw) {
      const auto status = client.infer(context, request, reply);
      EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION) << status.error_message();
      EXPECT_EQ(trailer(context, "obscura-code"), "keys_unknown");
      EXPECT_EQ(trailer(context, "obscura-key_id").size(), 32u);
      grpc::ClientContext sending;
      v1::KeyStatus keys;
      ASSERT_TRUE(client.upload(sending, customer, 0, customer.keys.size(), keys).ok());
      EXPECT_EQ(keys.state(), v1::KEY_STATE_READY);
      EXPECT_EQ(keys.key_id(), trailer(context, "obscura-key_id"));
    }
    grpc::ClientContext again;
    const auto status = client.infer(again, request, reply);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(reply.id(), "17");
    EXPECT_EQ(reply.raw_output_contents_size(), raw ? 1 : 0);
    expect_right(customer, answer_of(reply), 3);
  }
  EXPECT_TRUE(house.log.has({"\"call\":\"infer\"", "\"code\":\"keys_unknown\"", "\"tenant\":\"alice\""}));
  EXPECT_TRUE(house.log.has({"\"call\":\"infer\"", "\"code\":\"ok\"", "\"model\":\"small\""}));
  for (const auto& line : house.log.lines()) EXPECT_THAT(line, Not(HasSubstr(client.token)));
  EXPECT_THAT(house.service.metrics().prometheus_text(), HasSubstr("grpc"));
}

grpc::StatusCode metadata_code(const House& house, const std::vector<std::string>& authorizations, std::string& code) {
  const Client client(house);
  grpc::ClientContext context;
  for (const auto& text : authorizations) context.AddMetadata("authorization", text);
  ::inference::ModelMetadataRequest request;
  ::inference::ModelMetadataResponse reply;
  request.set_name("small");
  const auto status = client.inference->ModelMetadata(&context, request, &reply);
  code = trailer(context, "obscura-code");
  return status.error_code();
}

TEST(GrpcFront, TokensAreWanted) {
  const House house;
  const std::string good = house.token();
  std::string code;
  EXPECT_EQ(metadata_code(house, {"bearer " + good}, code), grpc::StatusCode::OK);
  for (const auto& wrong : {std::vector<std::string>{},
                            {good},
                            {"Bearer obs_0123456789abcdef_x"},
                            {"Basic " + good},
                            {"Bearer " + good, "Bearer " + good}}) {
    EXPECT_EQ(metadata_code(house, wrong, code), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(code, "unauthenticated");
  }
  const std::string keys_alone = house.token("bob", static_cast<Scopes>(Scope::keys));
  EXPECT_EQ(metadata_code(house, {"Bearer " + keys_alone}, code), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(code, "forbidden");
}

/// What a client without the .proto files does.
struct Raw {
  explicit Raw(const House& house) : channel(house.connect()), stub(channel) {}

  grpc::Status call(grpc::ClientContext& context, const std::string& method, const std::string& request,
                    std::string& reply) {
    grpc::CompletionQueue queue;
    const grpc::Slice slice(request);
    const auto call = stub.PrepareUnaryCall(&context, method, grpc::ByteBuffer(&slice, 1), &queue);
    grpc::ByteBuffer bytes;
    grpc::Status status;
    call->StartCall();
    call->Finish(&bytes, &status, this);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    reply = text_of(bytes);
    return status;
  }
  static std::string text_of(const grpc::ByteBuffer& bytes) {
    grpc::Slice whole;
    if (!bytes.Valid() || !bytes.DumpToSingleSlice(&whole).ok()) return {};
    return {reinterpret_cast<const char*>(whole.begin()), whole.size()};
  }

  std::shared_ptr<grpc::Channel> channel;
  grpc::GenericStub stub;
};

TEST(GrpcFront, MalformedRequestsAreToldSo) {
  const House house;
  Raw raw(house);
  const std::string token = house.token();
  std::string flood;
  for (int i = 0; i < 100'000; ++i) flood += std::string("\x2a\0", 2);
  for (const std::string& bytes : {std::string("\xff\xff\xff"),
                                   std::string("\x0a\x05"
                                               "ab"),
                                   flood}) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + token);
    std::string reply;
    const auto status = raw.call(context, "/inference.GRPCInferenceService/ModelInfer", bytes, reply);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
    EXPECT_EQ(trailer(context, "obscura-code"), "bad_request");
  }
}

TEST(GrpcFront, RefusesWhatIsTooLarge) {
  GrpcOptions options;
  options.max_message_bytes = 1 << 20;
  House house(options);
  const Client client(house);
  for (const bool raw : {false, true}) {
    grpc::ClientContext context;
    ::inference::ModelInferResponse reply;
    const auto request = infer_message(Bytes(std::size_t{2} << 20), raw);
    EXPECT_EQ(client.infer(context, request, reply).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  }
  // Larger than any query, though not than any message.
  const std::size_t query = house.service.model("small", "").max_query_bytes + 1;
  ASSERT_LT(query, options.max_message_bytes);
  grpc::ClientContext context;
  ::inference::ModelInferResponse reply;
  EXPECT_EQ(client.infer(context, infer_message(Bytes(query), true), reply).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(trailer(context, "obscura-code"), "too_large");
}

TEST(GrpcFront, RefusesCompressedMessages) {
  const House house;
  const Client client(house);
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  ::inference::ModelInferResponse reply;
  const auto status = client.infer(context, infer_message(Bytes(100'000), true), reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << status.error_message();
}

TEST(GrpcFront, HealthServiceAndReflection) {
  const House house;
  Raw raw(house);
  grpc::ClientContext context;
  std::string reply;
  ASSERT_TRUE(raw.call(context, "/grpc.health.v1.Health/Check", "", reply).ok());
  EXPECT_EQ(reply, "\x08\x01");  // SERVING

  grpc::ClientContext asking;
  grpc::CompletionQueue queue;
  const auto wait = [&] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  auto stream = raw.stub.PrepareCall(&asking, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  stream->StartCall(nullptr);
  ASSERT_TRUE(wait());
  const grpc::Slice list("\x3a\x01*");
  stream->Write(grpc::ByteBuffer(&list, 1), nullptr);
  ASSERT_TRUE(wait());
  grpc::ByteBuffer bytes;
  stream->Read(&bytes, nullptr);
  ASSERT_TRUE(wait());
  const std::string names = Raw::text_of(bytes);
  for (const char* name : {"inference.GRPCInferenceService", "obscura.v1.Keys", "obscura.v1.Search", "obscura.v1.Specs",
                           "grpc.health.v1.Health"}) {
    EXPECT_THAT(names, HasSubstr(name));
  }
  stream->WritesDone(nullptr);
  ASSERT_TRUE(wait());
  grpc::Status status;
  stream->Finish(&status, nullptr);
  ASSERT_TRUE(wait());
}

TEST(GrpcFront, StreamsSurviveBadRequests) {
  House house;
  const Client client(house);
  Customer customer(house.service, "small");
  grpc::ClientContext sending, context;
  v1::KeyStatus keys;
  ASSERT_TRUE(client.upload(sending, customer, 0, customer.keys.size(), keys).ok());
  client.show(context);
  const auto stream = client.inference->ModelStreamInfer(&context);
  auto bad = infer_message(Bytes{1, 2, 3}, true);
  bad.set_model_name("large");
  const auto good = infer_message(customer.query(5), true);
  ASSERT_TRUE(stream->Write(bad));
  ASSERT_TRUE(stream->Write(good));
  stream->WritesDone();
  ::inference::ModelStreamInferResponse first, second, none;
  ASSERT_TRUE(stream->Read(&first));
  EXPECT_THAT(first.error_message(), HasSubstr("large"));
  EXPECT_EQ(first.infer_response().id(), "17");
  EXPECT_EQ(first.infer_response().parameters().at("obscura-code").string_param(), "not_found");
  ASSERT_TRUE(stream->Read(&second));
  EXPECT_EQ(second.error_message(), "");
  expect_right(customer, answer_of(second.infer_response()), 5);
  EXPECT_FALSE(stream->Read(&none));
  EXPECT_TRUE(stream->Finish().ok());
}

}  // namespace
}  // namespace obscura::serve
