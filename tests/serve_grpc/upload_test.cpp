#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/reference.h"
#include "serve_grpc/house.h"

namespace obscura::serve {
namespace {

using namespace testing;

v1::KeyStatus status_of(const Client& client, const std::string& hash) {
  grpc::ClientContext context;
  client.show(context);
  v1::KeyRequest request;
  v1::KeyStatus reply;
  request.set_hash(hash);
  EXPECT_TRUE(client.keys->Status(&context, request, &reply).ok());
  return reply;
}

TEST(GrpcUpload, GoesOnWhereItWasCut) {
  House house;
  const Client client(house);
  const Customer customer(house.service, "small");
  EXPECT_EQ(status_of(client, customer.hash).state(), v1::KEY_STATE_ABSENT);
  const std::size_t half = customer.keys.size() / 2;
  v1::KeyStatus reply;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(client.upload(context, customer, 0, half, reply).ok());
    EXPECT_EQ(reply.state(), v1::KEY_STATE_PARTIAL);
    EXPECT_EQ(reply.bytes(), half);
  }
  {
    grpc::ClientContext gone;
    client.show(gone);
    v1::KeyStatus none;
    const auto writer = client.keys->Upload(&gone, &none);
    v1::KeyChunk chunk;
    chunk.set_hash(customer.hash);
    chunk.set_total(customer.keys.size());
    chunk.set_offset(half);
    chunk.set_data(customer.keys.data() + half, 1000);
    ASSERT_TRUE(writer->Write(chunk));
    gone.TryCancel();
    EXPECT_FALSE(writer->Finish().ok());
    // The server hears of it later than the client, and may keep what had come: not between the questions below.
    house.log.has_ended(3);  // the status, the first half, and this, unless it was gone before it came
  }
  {
    grpc::ClientContext context;
    const auto status = client.upload(context, customer, customer.keys.size() - 10, customer.keys.size(), reply);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED) << status.error_message();
    EXPECT_EQ(trailer(context, "obscura-code"), "conflict");
    EXPECT_EQ(trailer(context, "obscura-bytes"), std::to_string(status_of(client, customer.hash).bytes()));
  }
  const auto before = status_of(client, customer.hash);
  EXPECT_EQ(before.state(), v1::KEY_STATE_PARTIAL);
  EXPECT_GE(before.bytes(), half);
  grpc::ClientContext context, again;
  ASSERT_TRUE(client.upload(context, customer, before.bytes(), customer.keys.size(), reply).ok());
  EXPECT_EQ(reply.state(), v1::KEY_STATE_READY);
  EXPECT_EQ(status_of(client, customer.hash).state(), v1::KEY_STATE_READY);
  // Sent once more, it is here at its first message.
  ASSERT_TRUE(client.upload(again, customer, 0, 0, reply).ok());
  EXPECT_EQ(reply.state(), v1::KEY_STATE_READY);
}

TEST(GrpcUpload, ChunksOfFullSizeGather) {
  House house;
  const Client client(house);
  const Customer customer(house.service, "small");
  grpc::ClientContext context;
  v1::KeyStatus reply;
  const auto status = client.upload(context, customer, 0, customer.keys.size(), reply, std::size_t{256} << 10);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(reply.state(), v1::KEY_STATE_READY);
}

TEST(GrpcUpload, RefusesWhatIsNoUpload) {
  House house;
  const Client client(house);
  const Customer customer(house.service, "small");
  v1::KeyStatus reply;
  {
    grpc::ClientContext context;
    client.show(context);
    const auto writer = client.keys->Upload(&context, &reply);
    writer->WritesDone();
    EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
  {
    grpc::ClientContext context;
    const auto status = client.upload(context, customer, 0, customer.keys.size(), reply, 300'000);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(trailer(context, "obscura-code"), "too_large");
  }
  {
    grpc::ClientContext context;
    Customer other(house.service, "small");
    other.hash = std::string(64, '0');
    const auto status = client.upload(context, other, 0, other.keys.size(), reply);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
    EXPECT_EQ(status_of(client, other.hash).state(), v1::KEY_STATE_ABSENT);
  }
}

TEST(GrpcKeys, AreListedAndDeletedByTheirTenantAlone) {
  House house;
  const Client alice(house), bob(house, house.token("bob"));
  const Customer customer(house.service, "small");
  grpc::ClientContext sending;
  v1::KeyStatus reply;
  ASSERT_TRUE(alice.upload(sending, customer, 0, customer.keys.size(), reply).ok());
  const auto listed = [](const Client& client) {
    grpc::ClientContext context;
    client.show(context);
    v1::KeyList list;
    EXPECT_TRUE(client.keys->List(&context, {}, &list).ok());
    return list.keys_size();
  };
  const auto remove = [&](const Client& client) {
    grpc::ClientContext context;
    client.show(context);
    v1::KeyRequest request;
    v1::KeyDeleted deleted;
    request.set_hash(customer.hash);
    return client.keys->Delete(&context, request, &deleted).error_code();
  };
  EXPECT_EQ(listed(alice), 1);
  EXPECT_EQ(listed(bob), 0);
  EXPECT_EQ(status_of(bob, customer.hash).state(), v1::KEY_STATE_ABSENT);
  EXPECT_EQ(remove(bob), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(remove(alice), grpc::StatusCode::OK);
  EXPECT_EQ(listed(alice), 0);
}

}  // namespace
}  // namespace obscura::serve
