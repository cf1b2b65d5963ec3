#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <future>

#include "nn/reference.h"
#include "serve/metrics.h"
#include "serve_grpc/house.h"

namespace obscura::serve {
namespace {

using namespace testing;

/// A client with its keys at a server of one worker, which can be made to hold it.
struct Busy {
  Busy() : house({}, 1), client(house), customer(house.service, "small") {
    grpc::ClientContext context;
    v1::KeyStatus reply;
    EXPECT_TRUE(client.upload(context, customer, 0, customer.keys.size(), reply).ok());
    request = infer_message(customer.query(3), true);
  }
  ~Busy() { house.log.release(); }

  void hold() {
    house.log.hold("\"call\":\"infer\"");
    held = std::async(std::launch::async, [this] {
      grpc::ClientContext context;
      ::inference::ModelInferResponse reply;
      return client.infer(context, request, reply).ok();
    });
    house.log.wait_until_held();
  }

  void wait_for_waiting(std::size_t jobs) {
    while (house.service.metrics().load().waiting < jobs) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

  House house;
  Client client;
  Customer customer;
  ::inference::ModelInferRequest request;
  std::future<bool> held;
};

TEST(GrpcFront, ClientsThatGoCancelTheirWork) {
  Busy busy;
  busy.hold();
  grpc::ClientContext context;
  busy.client.show(context);
  ::inference::ModelInferResponse reply;
  std::promise<grpc::Status> ended;
  busy.client.inference->async()->ModelInfer(&context, &busy.request, &reply,
                                             [&](const grpc::Status& status) { ended.set_value(status); });
  busy.wait_for_waiting(1);
  context.TryCancel();
  EXPECT_EQ(ended.get_future().get().error_code(), grpc::StatusCode::CANCELLED);
  // The server hears of it by another way than the client does: on its own connection.
  std::this_thread::sleep_for(std::chrono::seconds(3));
  busy.house.log.release();
  EXPECT_TRUE(busy.held.get());
  EXPECT_TRUE(busy.house.log.has({"\"call\":\"infer\"", "\"code\":\"cancelled\""}));
}

TEST(GrpcFront, DeadlinesAndTimeoutsEndTheirWork) {
  Busy busy;
  busy.hold();
  grpc::ClientContext context, other;
  ::inference::ModelInferResponse reply;
  busy.client.show(context);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(3));
  const auto status = busy.client.inference->ModelInfer(&context, busy.request, &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  auto request = busy.request;
  (*request.mutable_parameters())["timeout"].set_int64_param(100'000);
  auto patient = std::async(std::launch::async, [&] { return busy.client.infer(other, request, reply); });
  busy.wait_for_waiting(2);  // the other one stays in the queue until its turn
  std::this_thread::sleep_for(std::chrono::seconds(3));
  busy.house.log.release();
  EXPECT_EQ(patient.get().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(trailer(other, "obscura-code"), "timed_out");
  EXPECT_TRUE(busy.held.get());
  EXPECT_TRUE(busy.house.log.has({"\"call\":\"infer\"", "\"code\":\"timed_out\""}));
}

TEST(GrpcFront, StopEndsStreamsThatWait) {
  House house;
  const Client client(house);
  grpc::ClientContext infers, sends;
  client.show(infers), client.show(sends);
  v1::KeyStatus reply;
  const auto writer = client.keys->Upload(&sends, &reply);
  v1::KeyChunk chunk;
  chunk.set_hash(std::string(64, '1'));
  chunk.set_total(1000);
  ASSERT_TRUE(writer->Write(chunk));
  // On the same connection: once this one is answered, the server knows the other.
  const auto stream = client.inference->ModelStreamInfer(&infers);
  ::inference::ModelStreamInferResponse answer;
  ASSERT_TRUE(stream->Write(infer_message(Bytes{1}, true)));
  ASSERT_TRUE(stream->Read(&answer));
  const auto begun = std::chrono::steady_clock::now();
  house.front.stop(600'000);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::minutes(5));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(trailer(infers, "obscura-code"), "shutting_down");
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  house.front.stop(0);
}

TEST(GrpcFront, StopCancelsWhatTakesTooLong) {
  auto busy = std::make_unique<Busy>();
  busy->hold();
  auto waiting = std::async(std::launch::async, [&] {
    grpc::ClientContext context;
    ::inference::ModelInferResponse reply;
    return busy->client.infer(context, busy->request, reply).error_code();
  });
  busy->wait_for_waiting(1);
  auto stopped = std::async(std::launch::async, [&] { busy->house.front.stop(100); });
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  busy->house.log.release();
  stopped.get();
  EXPECT_NE(waiting.get(), grpc::StatusCode::OK);
  busy->held.get();
}

TEST(GrpcFront, SaysWhyItCannotListen) {
  House house;
  GrpcOptions options;
  options.address = "127.0.0.1:" + std::to_string(house.front.port());
  EXPECT_THROW(GrpcFront(house.service, options), IoError);
  options.address = "127.0.0.1:0";
  options.certificate = "no certificate";
  EXPECT_THROW(GrpcFront(house.service, options), UsageError);
  options.key = "no key";
  EXPECT_THROW(GrpcFront(house.service, options), IoError);
}

std::string text_of(const std::filesystem::path& file) {
  const auto bytes = read_file(file);
  return {bytes.begin(), bytes.end()};
}

TEST(GrpcFront, SpeaksTls) {
  TemporaryFolder folder;
  const std::string made =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 "
      "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout " +
      (folder / "key.pem").string() + " -out " + (folder / "cert.pem").string() + " 2>/dev/null";
  ASSERT_EQ(std::system(made.c_str()), 0) << "openssl makes the certificate: ./dev setup installs it";
  GrpcOptions options;
  options.certificate = text_of(folder / "cert.pem"), options.key = text_of(folder / "key.pem");
  const House house(options);
  grpc::SslCredentialsOptions trust;
  trust.pem_root_certs = options.certificate;
  const auto channel =
      grpc::CreateChannel("localhost:" + std::to_string(house.front.port()), grpc::SslCredentials(trust));
  const auto stub = ::inference::GRPCInferenceService::NewStub(channel);
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + house.token());
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(1));
  ::inference::ModelMetadataRequest request;
  ::inference::ModelMetadataResponse reply;
  request.set_name("small");
  const auto status = stub->ModelMetadata(&context, request, &reply);
  EXPECT_TRUE(status.ok()) << status.error_message();
  // Without TLS nothing is to be had there.
  grpc::ClientContext plain;
  ::inference::ServerLiveResponse live;
  EXPECT_FALSE(::inference::GRPCInferenceService::NewStub(house.connect())->ServerLive(&plain, {}, &live).ok());
}

}  // namespace
}  // namespace obscura::serve
