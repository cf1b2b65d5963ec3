#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serve/grpc/obscura_messages.h"
#include "serve/grpc/peer.h"
#include "serve/grpc/status.h"
#include "serve/grpc/upload_buffer.h"

namespace obscura::serve::grpc_front {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(Statuses, EveryCodeHasItsOwn) {
  EXPECT_EQ(status_code(FailureCode::bad_request), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status_code(FailureCode::unauthenticated), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(status_code(FailureCode::forbidden), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(status_code(FailureCode::not_found), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status_code(FailureCode::keys_unknown), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(status_code(FailureCode::conflict), grpc::StatusCode::ABORTED);
  EXPECT_EQ(status_code(FailureCode::too_large), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status_code(FailureCode::unsupported), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(status_code(FailureCode::overloaded), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(status_code(FailureCode::out_of_room), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status_code(FailureCode::cancelled), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(status_code(FailureCode::timed_out), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(status_code(FailureCode::shutting_down), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(status_code(FailureCode::internal), grpc::StatusCode::INTERNAL);
}

TEST(Statuses, TrailersCarryWhatMachinesNeed) {
  Failure failure(FailureCode::conflict, "go on there", {{"bytes", "42"}, {"Not a name", "x"}, {"key-bin", "x"}});
  failure.retry_after(1500);
  EXPECT_THAT(trailers_of(failure), ElementsAre(Pair("obscura-code", "conflict"), Pair("obscura-bytes", "42"),
                                                Pair("retry-after-ms", "1500")));
  const Failure strange(FailureCode::not_found, "x", {{"name", "a\n\xc3\xa4" + std::string(1000, 'b')}});
  const std::string value = trailers_of(strange)[1].second;
  EXPECT_EQ(value.substr(0, 5), "a???b");
  EXPECT_EQ(value.size(), 256u);
}

TEST(Statuses, LongSentencesEndBetweenCharacters) {
  const Failure failure(FailureCode::not_found, std::string(1023, 'a') + "\xc3\xa4");
  EXPECT_EQ(status_of(failure).error_message(), std::string(1023, 'a'));
  EXPECT_EQ(status_of({FailureCode::not_found, "short"}).error_message(), "short");
}

TEST(Peers, AddressesWithoutPorts) {
  const auto v4 = parse_peer("ipv4:127.0.0.1:50000"), other = parse_peer("ipv4:192.0.2.7:1");
  EXPECT_EQ(v4.address, "127.0.0.1");
  EXPECT_TRUE(v4.loopback);
  EXPECT_EQ(other.address, "192.0.2.7");
  EXPECT_FALSE(other.loopback);
  for (const char* text : {"ipv6:[::1]:5", "ipv6:%5B::1%5D:5", "ipv6:%5b::1%5d:5"}) {
    EXPECT_EQ(parse_peer(text).address, "::1");
    EXPECT_TRUE(parse_peer(text).loopback);
  }
  EXPECT_EQ(parse_peer("ipv6:[2001:db8::1]:5").address, "2001:db8::1");
  EXPECT_FALSE(parse_peer("ipv6:[2001:db8::1]:5").loopback);
  EXPECT_TRUE(parse_peer("unix:/tmp/socket").loopback);
  for (const char* text : {"", "ipv6:", "ipv4:", "ipv6:%5", "ipv6:[::1", "dns:localhost", "127.0.0.1"}) {
    EXPECT_FALSE(parse_peer(text).loopback) << text;
  }
  // Names of other machines that begin alike.
  EXPECT_FALSE(parse_peer("ipv6:[::1:2]:5").loopback);
  EXPECT_FALSE(parse_peer("ipv4:12.7.0.1:5").loopback);
}

TEST(Bearers, SchemeInAnyCase) {
  for (const char* text : {"Bearer obs_1", "bearer obs_1", "BEARER   obs_1  "}) EXPECT_EQ(bearer_of(text), "obs_1");
  for (const char* text : {"", "Bearer", "Bearer ", "Basic obs_1", "obs_1", "Bearerobs_1"}) {
    EXPECT_THROW(bearer_of(text), Failure) << text;
  }
}

v1::KeyChunk chunk(std::uint64_t offset, std::size_t size) {
  v1::KeyChunk message;
  message.set_offset(offset);
  message.set_data(std::string(size, static_cast<char>('a' + offset % 26)));
  return message;
}

v1::KeyChunk first_of(std::uint64_t total) {
  v1::KeyChunk message;
  message.set_hash("h");
  message.set_total(total);
  return message;
}

TEST(UploadBuffer, GathersChunksUpToOneMebibyte) {
  const std::uint64_t total = 5 * kMaxChunkBytes + 7;
  UploadBuffer buffer(first_of(total));
  std::uint64_t at = 0;
  for (int i = 0; i < 4; ++i, at += kMaxChunkBytes) {
    const auto message = chunk(at, kMaxChunkBytes);
    buffer.check(message);
    ASSERT_TRUE(buffer.has_room(message));
    buffer.add(message);
  }
  EXPECT_FALSE(buffer.has_room(chunk(at, 1)));
  EXPECT_FALSE(buffer.complete());
  const auto piece = buffer.take();
  EXPECT_EQ(piece.hash, "h");
  EXPECT_EQ(piece.total, total);
  EXPECT_EQ(piece.offset, 0u);
  EXPECT_EQ(piece.bytes.size(), UploadBuffer::kMaxBytes);
  EXPECT_TRUE(buffer.empty());
  buffer.add(chunk(at, kMaxChunkBytes));
  buffer.add(chunk(at + kMaxChunkBytes, 7));
  EXPECT_TRUE(buffer.complete());
  EXPECT_EQ(buffer.take().offset, at);
}

TEST(UploadBuffer, GapsBeginAnotherPiece) {
  UploadBuffer buffer(first_of(100));
  buffer.add(chunk(0, 10));
  EXPECT_TRUE(buffer.has_room(chunk(10, 5)));
  EXPECT_FALSE(buffer.has_room(chunk(11, 5)));
  EXPECT_FALSE(buffer.has_room(chunk(0, 10)));
}

FailureCode refusal(const UploadBuffer& buffer, const v1::KeyChunk& message) {
  try {
    buffer.check(message);
  } catch (const Failure& failure) {
    return failure.code();
  }
  ADD_FAILURE() << "accepted";
  return FailureCode::internal;
}

TEST(UploadBuffer, RefusesOtherFilesAndSizes) {
  EXPECT_THROW(UploadBuffer{chunk(0, 1)}, Failure);
  EXPECT_THROW(UploadBuffer{first_of(0)}, Failure);
  const UploadBuffer buffer(first_of(std::uint64_t{1} << 30));
  auto other = chunk(0, 1);
  other.set_hash("g");
  EXPECT_EQ(refusal(buffer, other), FailureCode::bad_request);
  auto longer = chunk(0, 1);
  longer.set_total(7);
  EXPECT_EQ(refusal(buffer, longer), FailureCode::bad_request);
  EXPECT_EQ(refusal(buffer, chunk(0, kMaxChunkBytes + 1)), FailureCode::too_large);
  EXPECT_EQ(refusal(buffer, chunk((std::uint64_t{1} << 30) - 1, 2)), FailureCode::bad_request);
  EXPECT_EQ(refusal(buffer, chunk(~std::uint64_t{0}, 1)), FailureCode::bad_request);
  EXPECT_NO_THROW(buffer.check(chunk((std::uint64_t{1} << 30) - 1, 1)));
  EXPECT_NO_THROW(buffer.check(first_of(std::uint64_t{1} << 30)));
}

}  // namespace
}  // namespace obscura::serve::grpc_front
