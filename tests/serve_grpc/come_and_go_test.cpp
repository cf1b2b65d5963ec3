#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "nn/reference.h"
#include "serve_grpc/house.h"

namespace obscura::serve {
namespace {

using namespace testing;

/// One call of a kind, cut after a time that is no longer than such calls take.
void begin_and_cut(const Client& client, const Customer& customer, const ::inference::ModelInferRequest& request,
                   std::mt19937& random) {
  grpc::ClientContext context;
  client.show(context);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::microseconds(random() % 20'000));
  ::inference::ModelInferResponse reply;
  v1::KeyStatus status;
  switch (random() % 3) {
    case 0:
      client.inference->ModelInfer(&context, request, &reply);
      return;
    case 1: {
      const auto stream = client.inference->ModelStreamInfer(&context);
      ::inference::ModelStreamInferResponse answer;
      for (int i = 0; i < 3 && stream->Write(request); ++i) stream->Read(&answer);
      if (random() % 2 == 0) context.TryCancel();
      stream->Finish();
      return;
    }
    default: {
      const auto writer = client.keys->Upload(&context, &status);
      v1::KeyChunk chunk;
      chunk.set_hash(std::string(63, '0') + static_cast<char>('a' + random() % 4));
      chunk.set_total(customer.keys.size());
      for (std::size_t at = 0; at + 50'000 < customer.keys.size(); at += 50'000) {
        chunk.set_offset(at);
        chunk.set_data(customer.keys.data() + at, 50'000);
        if (!writer->Write(chunk)) break;
      }
      if (random() % 2 == 0) context.TryCancel();
      writer->Finish();
    }
  }
}

/// Clients end calls at any moment; the server goes on as if nothing had been.
TEST(GrpcFront, ClientsMayComeAndGo) {
  House house;
  const Client client(house);
  Customer customer(house.service, "small");
  grpc::ClientContext sending, context;
  v1::KeyStatus keys;
  ASSERT_TRUE(client.upload(sending, customer, 0, customer.keys.size(), keys).ok());
  const auto request = infer_message(customer.query(3), true);
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int i = 0; i < 60; ++i) {
        // Every third comes by a connection of its own, which breaks with it.
        if (i % 3 == 0) {
          begin_and_cut(Client(house, client.token), customer, request, random);
        } else {
          begin_and_cut(client, customer, request, random);
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  ::inference::ModelInferResponse reply;
  const auto status = client.infer(context, request, reply);
  ASSERT_TRUE(status.ok()) << status.error_message();
  expect_right(customer, answer_of(reply), 3);
  // Nothing is left behind that would have to be waited for.
  house.front.stop(60'000);
}

}  // namespace
}  // namespace obscura::serve
