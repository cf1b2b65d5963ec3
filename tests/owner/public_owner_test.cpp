#include "obscura/owner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <thread>

#include "base/file.h"
#include "compile/networks.h"
#include "message/client_wire.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"
#include "obscura/compile.h"
#include "obscura/server.h"

namespace obscura {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

/// A small network of three channels in a file, and what outsiders make of it.
class PublicFace : public testing::Test {
 protected:
  PublicFace() {
    folder_ = fs::temp_directory_path() / ("obscura_face_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    graph_ = networks::dense(3, {3, 8, 8}, 6, 4);
    graph_.preprocessing.classes = {"cat", "dog", "ship", "frog"};
    nn::write_onnx(graph_, folder_ / "net.onnx");
    net_ = compile_network(folder_ / "net.onnx");
  }
  ~PublicFace() override { fs::remove_all(folder_); }

  static Pixels picture(std::uint32_t seed) {
    Pixels made{8, 8, 3, std::vector<std::uint8_t>(192)};
    for (auto& v : made.values) v = static_cast<std::uint8_t>((seed = seed * 1664525U + 1013904223U) >> 24);
    return made;
  }

  /// The network in the clear on the same pixels.
  std::vector<double> plain(const Pixels& pixels) const {
    std::vector<std::uint8_t> planar(192);
    for (std::size_t i = 0; i < 64; ++i) {
      for (std::size_t c = 0; c < 3; ++c) planar[c * 64 + i] = pixels.values[i * 3 + c];
    }
    return nn::run_reference(graph_, preprocess(planar, graph_.preprocessing));
  }

  void expect_right(const Prediction& prediction, const Pixels& pixels) const {
    const auto wanted = plain(pixels);
    ASSERT_EQ(prediction.logits.size(), wanted.size());
    for (std::size_t k = 0; k < wanted.size(); ++k) EXPECT_NEAR(prediction.logits[k], wanted[k], 0.05);
    EXPECT_EQ(prediction.index, static_cast<std::size_t>(std::ranges::max_element(wanted) - wanted.begin()));
    EXPECT_EQ(prediction.label, graph_.preprocessing.classes[prediction.index]);
  }

  fs::path folder_;
  nn::Graph graph_;
  Compiled net_;
};

TEST_F(PublicFace, PicturesGoRoundByBytesAlone) {
  Server server(net_.program, {.threads = 2});
  EXPECT_EQ(server.client_spec(), net_.client_spec);
  Owner owner(net_.client_spec);
  EXPECT_EQ(owner.network().classes, graph_.preprocessing.classes);
  EXPECT_EQ(owner.network().width, 8U);
  const auto id = server.add_keys(owner.evaluation_keys());
  EXPECT_EQ(id, owner.id());
  EXPECT_EQ(owner.evaluation_keys(), owner.evaluation_keys()) << "made once";
  for (std::uint32_t seed = 1; seed <= 3; ++seed) {
    const auto predictions = owner.read(server.answer(id, owner.encrypt(picture(seed))));
    ASSERT_EQ(predictions.size(), 1U);
    expect_right(predictions[0], picture(seed));
  }
  EXPECT_EQ(owner.decryptions(), 3U);
}

TEST_F(PublicFace, AFolderKeepsKeysRecordsAndTheCount) {
  Server server(net_.program, {.threads = 2});
  const Pixels first = picture(7), second = picture(8);
  KeyId id{};
  Bytes query;
  {
    Owner owner(net_.client_spec);
    id = server.add_keys(owner.evaluation_keys());
    query = owner.encrypt(first);
    expect_right(owner.read(server.answer(id, owner.encrypt(second)))[0], second);
    owner.save(folder_ / "keys");
    EXPECT_EQ(owner.decryptions(), 1U);
    EXPECT_EQ(read_file(folder_ / "keys" / "evaluation.key"), owner.evaluation_keys());
    EXPECT_THAT(message_of([&] { Owner(net_.client_spec).save(folder_ / "keys"); }), HasSubstr("exists"));
    EXPECT_THAT(message_of([&] { owner.save(folder_ / "copy"); }), HasSubstr("already: copy that folder"));
    EXPECT_FALSE(fs::exists(folder_ / "copy"));
  }
  Owner again = Owner::open(folder_ / "keys");
  expect_right(again.read(server.answer(id, query))[0], first);
  EXPECT_EQ(again.decryptions(), 2U);
  EXPECT_EQ(again.evaluation_keys(), read_file(folder_ / "keys" / "evaluation.key"));
  EXPECT_EQ(Owner::open(folder_ / "keys").decryptions(), 2U);
  EXPECT_THAT(message_of([&] { Owner(read_file(folder_ / "keys" / "client.spec")); }), HasSubstr("made already"));
}

TEST_F(PublicFace, AnswersOfOthersAreRefused) {
  Server server(net_.program, {.threads = 2});
  Owner owner(net_.client_spec), other(net_.client_spec);
  const auto id = server.add_keys(owner.evaluation_keys()), other_id = server.add_keys(other.evaluation_keys());
  const Bytes query = owner.encrypt(picture(1)), answer = server.answer(id, query);
  EXPECT_THAT(message_of([&] { (void)server.answer(other_id, query); }), HasSubstr("key"));
  EXPECT_THAT(message_of([&] { (void)other.read(answer); }), HasSubstr("query"));
  Bytes damaged = answer;
  damaged[damaged.size() / 2] ^= 1;
  EXPECT_THAT(message_of([&] { (void)owner.read(damaged); }), HasSubstr("checksum"));
  server.forget(other_id);
  EXPECT_FALSE(server.has_keys(other_id));
  EXPECT_THAT(message_of([&] { (void)server.answer(other_id, other.encrypt(picture(2))); }), HasSubstr("keys"));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW((void)server.answer(id, query, stop.get_token()), CancelledError);
  EXPECT_EQ(owner.decryptions(), 0U) << "nothing was decrypted to find out";
}

TEST_F(PublicFace, PicturesOfAnotherSizeAreRefused) {
  Owner owner(net_.client_spec);
  EXPECT_THAT(message_of([&] {
                (void)owner.encrypt(Pixels{8, 8, 1, std::vector<std::uint8_t>(64)});
              }),
              HasSubstr("a picture of 8x8 with 1 channel, expected 8x8 with 3 channels"));
  EXPECT_THAT(message_of([&] {
                (void)owner.encrypt(Pixels{8, 8, 3, std::vector<std::uint8_t>(191)});
              }),
              HasSubstr("holds 191 samples, expected 192"));
  const std::vector<Pixels> two = {picture(1), picture(2)};
  EXPECT_THROW((void)owner.encrypt(two), MismatchError);
  EXPECT_THROW(Owner(Bytes{1, 2, 3}), FormatError);
  EXPECT_THROW(Server(net_.client_spec), FormatError);
}

// Each of them sees its own answer.
TEST_F(PublicFace, OwnersAskAtTheSameTime) {
  Server server(net_.program, {.threads = 2});
  std::vector<std::thread> askers;
  for (std::uint32_t k = 0; k < 4; ++k) {
    askers.emplace_back([&, k] {
      Owner owner(net_.client_spec, 1);
      const auto id = server.add_keys(owner.evaluation_keys());
      for (std::uint32_t i = 0; i < 2; ++i) {
        const Pixels pixels = picture(10 * k + i);
        expect_right(owner.read(server.answer(id, owner.encrypt(pixels)))[0], pixels);
      }
    });
  }
  for (auto& asker : askers) asker.join();
}

}  // namespace
}  // namespace obscura
