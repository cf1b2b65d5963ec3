#include "message/client_wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "ckks/wire_cases.h"

namespace obscura::message {
namespace {

using ::testing::HasSubstr;
namespace wire_test = ckks::wire_test;

ClientSpec packed_client() {
  ClientSpec c;
  c.network = "tiny";
  c.program.fill(0x5a);
  c.parameters = wire_test::tiny_parameters();
  c.input = {1, 2, 2};
  c.preprocessing = {{0.125F}, {0.3F}, {"no", "yes"}, "grey", true};
  c.input_scale = 33.5;
  c.input_limbs = 2;
  c.period = 4;
  c.input_slots = {0, 1, 2, 3};
  c.outputs = 2;
  c.output_slots = {0, 3};
  c.output_factor = 2;
  c.reply_gap = 2;
  c.reply_bits = 6;
  c.reply_scale = 12.5;
  c.logit_error = 0.01;
  c.noise = 0.002;
  c.fit_error = 0.125;
  c.logit_range = 30;
  c.head = Head::sigmoid;
  c.zeros_between = true;
  c.key.fill(0x3c);
  return c;
}

/// Two of the four pixels stand at two places each.
ClientSpec windows_client() {
  ClientSpec c = packed_client();
  c.parameters = wire_test::small_parameters();
  c.period = 8;
  c.input_slots = {0, 5, 1, 2, 6, 3};
  c.input_begin = {0, 2, 3, 5, 6};
  return c;
}

ClientSpec batched_client() {
  ClientSpec c = packed_client();
  c.mode = Mode::batched;
  c.preprocessing = {{}, {}, {}, "rgb", false};
  c.period = 0;
  c.images = 8;
  c.input_slots.clear();
  c.output_slots.clear();
  c.output_factor = c.reply_gap = 1;
  return c;
}

std::vector<wire_test::Case> cases() {
  const auto rewrite = [](ckks::ByteSpan in) { return write_client_spec(read_client_spec(in, wire_test::kWhat)); };
  return {{"packed client spec", write_client_spec(packed_client()), rewrite},
          {"client spec of windows", write_client_spec(windows_client()), rewrite},
          {"batched client spec", write_client_spec(batched_client()), rewrite}};
}

TEST(ClientSpec, ComesBackAsItWas) {
  const ClientSpec a = packed_client(), b = read_client_spec(write_client_spec(a));
  EXPECT_EQ(b.mode, a.mode);
  EXPECT_EQ(b.network, a.network);
  EXPECT_EQ(b.program, a.program);
  EXPECT_EQ(b.parameters, a.parameters);
  EXPECT_EQ(b.input, a.input);
  EXPECT_EQ(b.preprocessing.mean, a.preprocessing.mean);
  EXPECT_EQ(b.preprocessing.std, a.preprocessing.std);
  EXPECT_EQ(b.preprocessing.classes, a.preprocessing.classes);
  EXPECT_EQ(b.preprocessing.colour, a.preprocessing.colour);
  EXPECT_EQ(b.preprocessing.stated, a.preprocessing.stated);
  EXPECT_EQ(b.input_scale, a.input_scale);
  EXPECT_EQ(b.input_limbs, a.input_limbs);
  EXPECT_EQ(b.period, a.period);
  EXPECT_EQ(b.images, a.images);
  EXPECT_EQ(b.outputs, a.outputs);
  EXPECT_EQ(b.output_slots, a.output_slots);
  EXPECT_EQ(b.output_factor, a.output_factor);
  EXPECT_EQ(b.reply_gap, a.reply_gap);
  EXPECT_EQ(b.reply_bits, a.reply_bits);
  EXPECT_EQ(b.reply_scale, a.reply_scale);
  EXPECT_EQ(b.logit_error, a.logit_error);
  EXPECT_EQ(b.noise, a.noise);
  EXPECT_EQ(b.logit_range, a.logit_range);
  EXPECT_EQ(b.fit_error, a.fit_error);
  EXPECT_EQ(b.head, a.head);
  EXPECT_EQ(b.zeros_between, a.zeros_between);
  EXPECT_EQ(b.key, a.key);
  for (const auto& c : cases()) EXPECT_EQ(c.rewrite(c.bytes), c.bytes) << c.name;
}

TEST(ClientSpec, SurvivesMutations) {
  std::uint64_t seed = 300;
  for (const auto& c : cases()) wire_test::expect_survives_mutations(c, 12'000, ++seed);
}

TEST(ClientSpec, TruncatedAndTrailing) {
  for (const auto& c : cases()) wire_test::expect_exact_length(c);
}

TEST(ClientSpec, OtherKinds) {
  for (const auto& other : wire_test::server_cases(ckks::Context::create(wire_test::tiny_parameters()))) {
    EXPECT_THROW(read_client_spec(other.bytes), FormatError) << other.name;
  }
}

void expect_refused(const ClientSpec& client, const std::string& said) {
  try {
    read_client_spec(write_client_spec(client), "client.spec");
    ADD_FAILURE() << "accepted, expected: " << said;
  } catch (const FormatError& e) {
    EXPECT_THAT(e.what(), HasSubstr("client.spec " + said));
  }
}

template <class Change>
ClientSpec with(Change change) {
  ClientSpec client = packed_client();
  change(client);
  return client;
}

TEST(ClientSpec, PlacesOfWindows) {
  const ClientSpec client = windows_client();
  EXPECT_THAT(client.places_of(0), ::testing::ElementsAre(0, 5));
  EXPECT_THAT(client.places_of(3), ::testing::ElementsAre(3));
  EXPECT_THAT(packed_client().places_of(3), ::testing::ElementsAre(3));
  const auto refused = [&](auto change, const char* why) {
    ClientSpec bad = client;
    change(bad);
    expect_refused(bad, why);
  };
  refused([](auto& c) { c.input_slots[1] = 3; }, "has two values at one place");
  refused([](auto& c) { c.input_slots[1] = 8; }, "has input slots outside the layout");
  refused([](auto& c) { c.input_begin = {0, 2, 2, 5, 6}; }, "has values without a place");
  refused([](auto& c) { c.input_begin = {0, 3, 2, 5, 6}; }, "has values without a place");
  refused([](auto& c) { c.input_begin = {0, 2, 3, 6}; }, "has values without a place");
  refused([](auto& c) { c.input_begin = {1, 2, 3, 5, 6}; }, "has values without a place");
  refused([](auto& c) { c.input_begin.back() = 5; }, "has values without a place");
  refused([](auto& c) { c.input_begin.back() = 7; }, "has beginnings of input slots outside");
}

TEST(ClientSpec, NumbersThatNoProgramHas) {
  expect_refused(with([](auto& c) { c.input_scale = NAN; }), "has a scale that is not");
  expect_refused(with([](auto& c) { c.input_scale = -1; }), "has a scale that is not");
  expect_refused(with([](auto& c) { c.input_scale = 0x1p61; }), "has a scale over");
  expect_refused(with([](auto& c) { c.input_limbs = 3; }), "has limbs = 3, expected 1 to 2");
  expect_refused(with([](auto& c) { c.input = {1, 0, 2}; }), "has height = 0");
  expect_refused(with([](auto& c) { c.input = {4096, 4096, 4096}; }), "has an image of too many pixels");
  // Sides whose product is a multiple of 2^32, where sizes have 32 bits.
  expect_refused(with([](auto& c) { c.input = {256, 4096, 4096}; }), "has an image of too many pixels");
  expect_refused(with([](auto& c) { c.period = 2; }), "has input slots outside the layout");
  expect_refused(with([](auto& c) { c.period = 5; }), "has a layout that does not fit");
  expect_refused(with([](auto& c) { c.input_slots.pop_back(); }), "has a layout that does not fit");
  expect_refused(with([](auto& c) { c.period = 6; }), "has a layout that does not fit");
  expect_refused(with([](auto& c) { c.images = 3; }), "has a layout that does not fit");
  expect_refused(with([](auto& c) { c.outputs = 3; }), "has a layout that does not fit");
  expect_refused(with([](auto& c) { c.output_slots = {0, 4}; }), "has an output slot outside");
  expect_refused(with([](auto& c) { c.reply_gap = 3; }), "has a reply gap that does not divide");
  expect_refused(with([](auto& c) { c.output_factor = 0; }), "has a output factor that is not");
  expect_refused(with([](auto& c) { c.reply_bits = 61; }), "has reply bits = 61");
  expect_refused(with([](auto& c) { c.reply_scale = 0; }), "has a reply scale that is not");
  expect_refused(with([](auto& c) { c.noise = -1; }), "has a noise that is not");
  expect_refused(with([](auto& c) { c.logit_range = NAN; }), "has a range of logits");
  expect_refused(with([](auto& c) { c.preprocessing.mean = {1, 2}; }), "has a mean or deviation for another");
  expect_refused(with([](auto& c) { c.preprocessing.std = {0}; }), "has a deviation");
  expect_refused(with([](auto& c) { c.preprocessing.mean = {INFINITY}; }), "holds a number that is not finite");
}

}  // namespace
}  // namespace obscura::message
