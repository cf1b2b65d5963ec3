// The service without a network: answers, keys that outlive it, tenants that cannot see each other.
#include "serve/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <fstream>

#include "base/error.h"
#include "nn/reference.h"
#include "serve/support.h"

namespace obscura::serve {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

void expect_right(Service& service, const Identity& who, Customer& customer, const std::string& model,
                  std::uint64_t graph, std::uint64_t seed) {
  const auto logits = customer.read(infer(service, who, request_of(model, customer.query(seed))));
  const auto plain = nn::run_reference(small_graph(graph), networks::images(1, 64, seed)[0]);
  for (std::size_t k = 0; k < plain.size(); ++k) {
    EXPECT_NEAR(logits[k], plain[k], 30 * customer.owner.client().logit_error);
  }
}

TEST(Service, AnswersOnceKeysAreThere) {
  Place place;
  Service service(place.options());
  const auto who = service.identify(place.token("a"), Scope::infer);
  Customer customer(service, "small");
  try {
    infer(service, who, request_of("small", customer.query(1)));
    FAIL() << "without keys";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), FailureCode::keys_unknown);
    EXPECT_THAT(failure.details(),
                ElementsAre(std::pair<std::string, std::string>("key_id", message::hex_of(customer.owner.key().id()))));
  }
  const auto status = upload(service, who, customer);
  EXPECT_EQ(status.state, KeyState::ready);
  EXPECT_EQ(status.key_id, message::hex_of(customer.owner.key().id()));
  EXPECT_THAT(status.models, ElementsAre("small"));
  for (std::uint64_t seed = 0; seed < 3; ++seed) expect_right(service, who, customer, "small", 1, seed);
}

TEST(Service, TwoModelsWithOtherParametersAtOnce) {
  Place place;
  place.add("other", 2, message::Mode::batched);
  Service service(place.options());
  const auto who = service.identify(place.token("a"), Scope::infer);
  Customer one(service, "small"), two(service, "other");
  upload(service, who, one);
  upload(service, who, two);
  std::thread beside([&] {
    for (std::uint64_t seed = 0; seed < 3; ++seed) expect_right(service, who, one, "small", 1, seed);
  });
  for (std::uint64_t seed = 0; seed < 2; ++seed) expect_right(service, who, two, "other", 2, seed);
  beside.join();
  EXPECT_EQ(code_of([&] { infer(service, who, request_of("other", one.query(1))); }), "bad_request")
      << "a query for another model";
}

TEST(Service, KeysOutliveIt) {
  Place place;
  std::optional<Customer> customer;
  {
    Service service(place.options());
    const auto who = service.identify(place.token("a"), Scope::keys);
    customer.emplace(service, "small");
    upload(service, who, *customer);
  }
  Service service(place.options());
  const auto who = service.identify(place.token("a"), Scope::keys);
  EXPECT_EQ(service.key_status(who, customer->hash).state, KeyState::ready);
  expect_right(service, who, *customer, "small", 1, 4);
}

TEST(Service, AnUploadGoesOnWhereItWasCut) {
  Place place;
  std::optional<Customer> customer;
  {
    Service service(place.options());
    const auto who = service.identify(place.token("a"), Scope::keys);
    customer.emplace(service, "small");
    put(service, who, customer->hash, customer->keys, 0, 50'000);
    const auto status = put(service, who, customer->hash, customer->keys, 50'000, 10'000);
    EXPECT_EQ(status.state, KeyState::partial);
    EXPECT_EQ(status.bytes, 60'000U);
  }
  Service service(place.options());
  const auto who = service.identify(place.token("a"), Scope::keys);
  EXPECT_EQ(service.key_status(who, customer->hash).bytes, 60'000U);
  EXPECT_EQ(code_of([&] { put(service, who, customer->hash, customer->keys, 70'000, 10); }), "conflict");
  // One that overlaps what is there counts from where it is new.
  EXPECT_EQ(put(service, who, customer->hash, customer->keys, 55'000, 10'000).bytes, 65'000U);
  // In two pieces, whatever the plan's keys weigh.
  ASSERT_GT(customer->keys.size(), 100'000U);
  const std::size_t half = (customer->keys.size() - 65'000 + 1) / 2;
  ASSERT_LE(half, kMaxPieceBytes);
  EXPECT_EQ(put(service, who, customer->hash, customer->keys, 65'000, half).state, KeyState::partial);
  EXPECT_EQ(put(service, who, customer->hash, customer->keys, 65'000 + half, half).state, KeyState::ready);
  expect_right(service, who, *customer, "small", 1, 5);
}

TEST(Service, RefusesKeysThatAreNotWhatTheySay) {
  Place place;
  Service service(place.options());
  const auto who = service.identify(place.token("a"), Scope::keys);
  const Customer customer(service, "small");
  const auto sent = [&](const Bytes& bytes, const std::string& hash) {
    return code_of([&] {
      for (std::size_t at = 0; at < bytes.size(); at += 100'000) put(service, who, hash, bytes, at, 100'000);
    });
  };
  EXPECT_EQ(sent(customer.keys, std::string(64, 'a')), "bad_request") << "another hash";
  EXPECT_EQ(sent(customer.keys, "zz"), "bad_request");
  Bytes altered = customer.keys;
  altered[altered.size() / 2] ^= 1;
  EXPECT_EQ(sent(altered, hash_text(altered)), "bad_request") << "its checksum is wrong";
  EXPECT_EQ(service.key_status(who, hash_text(altered)).state, KeyState::absent);
  const Bytes noise(5000, 7);
  EXPECT_EQ(sent(noise, hash_text(noise)), "bad_request");
  // Of parameters that nobody here has: refused with the first piece.
  const owner::Owner stranger(
      compile::compile(small_graph(9), runtime::testing::Session::options_of(message::Mode::batched)).client);
  const Bytes strange = ckks::write_evaluation_keys(*stranger.context(), stranger.evaluation_keys());
  ASSERT_NE(stranger.context()->digest(), customer.owner.context()->digest());
  EXPECT_EQ(code_of([&] { put(service, who, hash_text(strange), strange, 0, 3000); }), "bad_request");
  EXPECT_EQ(service.key_status(who, hash_text(strange)).state, KeyState::absent);
  EXPECT_TRUE(service.keys(who).empty());
}

TEST(Service, TenantsAreStrangers) {
  Place place;
  Service service(place.options());
  const auto a = service.identify(place.token("a"), Scope::infer), b = service.identify(place.token("b"), Scope::infer);
  Customer customer(service, "small");
  upload(service, a, customer);
  EXPECT_EQ(service.key_status(b, customer.hash).state, KeyState::absent);
  EXPECT_TRUE(service.keys(b).empty());
  EXPECT_EQ(code_of([&] { service.remove_key(b, customer.hash); }), "not_found");
  EXPECT_EQ(code_of([&] { infer(service, b, request_of("small", customer.query(1))); }), "keys_unknown");
  expect_right(service, a, customer, "small", 1, 2);
  // The same keys, sent by b, are b's own, and go by themselves.
  upload(service, b, customer);
  service.remove_key(b, customer.hash);
  EXPECT_EQ(service.keys(a).size(), 1U);
  expect_right(service, a, customer, "small", 1, 3);
  service.remove_key(a, customer.hash);
  EXPECT_EQ(code_of([&] { infer(service, a, request_of("small", customer.query(1))); }), "keys_unknown");
}

TEST(Service, EveryScopeIsAsked) {
  Place place;
  Service service(place.options());
  for (const Scope held : {Scope::infer, Scope::keys, Scope::search, Scope::metrics}) {
    const auto token = place.token("a", static_cast<Scopes>(held));
    for (const Scope asked : {Scope::infer, Scope::keys, Scope::search, Scope::metrics}) {
      EXPECT_EQ(code_of([&] { service.identify(token, asked); }), held == asked ? "ok" : "forbidden");
    }
  }
}

TEST(Service, TokensThatAreNoneAreRefused) {
  Place place;
  Service service(place.options());
  const auto code = [&](const Credentials& token) { return code_of([&] { service.identify(token, Scope::infer); }); };
  const auto good = place.token("a");
  EXPECT_EQ(code(good), "ok");
  EXPECT_EQ(code({"", true, true, ""}), "unauthenticated");
  EXPECT_EQ(code(place.token("a", kUserScopes, std::time(nullptr) - 1)), "unauthenticated") << "expired";
  for (std::size_t i = 0; i < good.bearer.size(); ++i) {
    auto wrong = good;
    wrong.bearer[i] = wrong.bearer[i] == 'x' ? 'y' : 'x';
    EXPECT_EQ(code(wrong), "unauthenticated") << i;
    EXPECT_EQ(code({good.bearer.substr(0, i), true, true, ""}), "unauthenticated") << i;
  }
  EXPECT_EQ(code({good.bearer + "x", true, true, ""}), "unauthenticated");
  EXPECT_EQ(code({std::string(100'000, 'x'), true, true, ""}), "unauthenticated");
  Credentials plain = good;
  plain.encrypted = false, plain.loopback = false;
  EXPECT_EQ(code(plain), "forbidden") << "read by others on the way";
  plain.loopback = true;
  EXPECT_EQ(code(plain), "ok");
  Tokens(place.state()).revoke(good.bearer.substr(4, 16));
  EXPECT_EQ(code(good), "unauthenticated") << "revoked while the service runs";
}

TEST(Service, RequestsThatAreNoneAreRefused) {
  Place place;
  Service service(place.options());
  const auto who = service.identify(place.token("a"), Scope::infer);
  Customer customer(service, "small");
  upload(service, who, customer);
  const auto code = [&](const std::function<void(InferRequest&)>& change) {
    auto request = request_of("small", customer.query(1));
    change(request);
    return code_of([&] { infer(service, who, std::move(request)); });
  };
  EXPECT_EQ(code([](auto&) {}), "ok");
  EXPECT_EQ(code([](auto& r) { r.model = "none"; }), "not_found");
  EXPECT_EQ(code([](auto& r) { r.version = "1"; }), "not_found");
  EXPECT_EQ(code([](auto& r) { r.inputs.clear(); }), "bad_request");
  EXPECT_EQ(code([](auto& r) { r.inputs.push_back(r.inputs[0]); }), "bad_request");
  EXPECT_EQ(code([](auto& r) { r.inputs[0].name = "input"; }), "bad_request");
  EXPECT_EQ(code([](auto& r) { r.inputs[0].datatype = "UINT8"; }), "bad_request");
  EXPECT_EQ(code([](auto& r) { r.inputs[0].shape = {1, 1}; }), "bad_request");
  EXPECT_EQ(code([](auto& r) { r.inputs[0].elements.clear(); }), "bad_request");
  EXPECT_EQ(code([](auto& r) { r.inputs[0].elements[0] = Bytes(100, 1); }), "bad_request");
  EXPECT_EQ(code([](auto& r) { r.inputs[0].elements[0].clear(); }), "bad_request");
  EXPECT_EQ(code([](auto& r) { r.inputs[0].elements[0].resize(std::size_t{1} << 24); }), "too_large");
  EXPECT_EQ(code([](auto& r) { r.outputs = {"logits"}; }), "bad_request");
  EXPECT_EQ(code([](auto& r) { r.timeout_us = 1; }), "timed_out");
  EXPECT_EQ(code([](auto& r) { r.timeout_us = 60'000'000; }), "ok");
}

TEST(Service, AFileThatWasLostIsAskedForAgain) {
  Place place;
  auto options = place.options();
  options.key_memory = 0;  // every query reads the file
  Service service(options);
  const auto who = service.identify(place.token("a"), Scope::infer);
  Customer customer(service, "small");
  upload(service, who, customer);
  expect_right(service, who, customer, "small", 1, 1);
  const auto file = place.state() / "keys" / std::to_string(who.tenant) / customer.hash;
  std::ofstream(file, std::ios::binary | std::ios::trunc) << "damaged";
  EXPECT_EQ(code_of([&] { infer(service, who, request_of("small", customer.query(1))); }), "keys_unknown");
  EXPECT_EQ(service.key_status(who, customer.hash).state, KeyState::absent);
  upload(service, who, customer);
  expect_right(service, who, customer, "small", 1, 2);
}

TEST(Service, TenantsHaveAQuota) {
  Place place;
  auto options = place.options();
  options.key_bytes_per_tenant = 100'000;
  Service service(options);
  const auto who = service.identify(place.token("a"), Scope::keys);
  const Customer customer(service, "small");
  ASSERT_GT(customer.keys.size(), options.key_bytes_per_tenant);
  EXPECT_EQ(code_of([&] { put(service, who, customer.hash, customer.keys, 0, 1000); }), "out_of_room");
  EXPECT_EQ(service.key_status(who, customer.hash).state, KeyState::absent);
}

TEST(Service, OneStateHasOneServer) {
  Place place;
  const Service service(place.options());
  EXPECT_THROW(Service second(place.options()), UsageError);
}

TEST(Service, SaysWhatToDoWhereThereIsNothingToServe) {
  const TemporaryFolder folder;
  write_file(folder / "net.onnx", std::string_view("x"));
  Service::Options options;
  options.state = folder / "state", options.models = folder.path();
  try {
    const Service service(options);
    FAIL();
  } catch (const UsageError& e) {
    EXPECT_THAT(e.what(), HasSubstr("obscura compile"));
  }
}

TEST(Service, EndsWhatItTookAndTakesNoMore) {
  Place place;
  Service service(place.options());
  const auto who = service.identify(place.token("a"), Scope::infer);
  Customer customer(service, "small");
  upload(service, who, customer);
  constexpr int kMany = 20;
  std::vector<std::future<std::string>> ends;
  for (int i = 0; i < kMany; ++i) {
    const auto promise = std::make_shared<std::promise<std::string>>();
    ends.push_back(promise->get_future());
    service.infer(who, request_of("small", customer.query(1)), {}, [promise](Outcome<InferReply> outcome) {
      promise->set_value(outcome.ok() ? "ok" : std::string(name_of(outcome.failure().code())));
    });
  }
  service.stop(60'000);
  EXPECT_FALSE(service.ready());
  for (auto& end : ends) EXPECT_EQ(end.get(), "ok");
  EXPECT_EQ(code_of([&] { infer(service, who, request_of("small", customer.query(1))); }), "shutting_down");
}

TEST(Service, CancelledWorkSaysSo) {
  Place place;
  Service service(place.options());
  const auto who = service.identify(place.token("a"), Scope::infer);
  Customer customer(service, "small");
  upload(service, who, customer);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(code_of([&] { infer(service, who, request_of("small", customer.query(1)), stop.get_token()); }),
            "cancelled");
}

}  // namespace
}  // namespace obscura::serve
