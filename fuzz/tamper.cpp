#include "fuzz/tamper.h"

#include <cmath>
#include <utility>

#include "base/error.h"
#include "ckks/evaluator.h"
#include "fuzz/mutate.h"
#include "message/client_wire.h"
#include "owner/client_tag.h"
#include "ring/automorphism.h"
#include "ring/primes.h"
#include "tensor/decision.h"

namespace obscura::fuzz {
namespace {

constexpr int kLogDegree = 6, kScaleBits = 40, kReplyBits = 40;
constexpr std::size_t kPlaces = 8, kGap = 4;
/// Logits are x1^2, x1^2 + x2^2 and x2^2 in the places 0 to 2; what is behind is zero.
constexpr std::size_t kRightClass = 1, kExamples = 5;

message::ClientSpec toy_client() {
  message::ClientSpec client;
  client.network = "toy";
  client.program.fill(0x77);
  client.parameters = ckks::make_parameters(kLogDegree, {45, kScaleBits}, {46});
  client.parameters.insecure = true;
  const auto context = ckks::Context::create(client.parameters);
  client.input = {1, 2, 4};
  client.preprocessing = {{}, {}, {"cat", "dog", "eel"}, "grey", true};
  client.input_scale = std::exp2(kScaleBits);
  client.input_limbs = 2;
  client.period = kPlaces;
  client.outputs = 3;
  client.output_slots = {0, 1, 2};
  client.reply_gap = kGap;
  client.reply_bits = kReplyBits;
  const auto& q = client.parameters.q;
  client.reply_scale = client.input_scale * client.input_scale / static_cast<double>(q[1]) * std::exp2(kReplyBits) /
                       static_cast<double>(q[0]);
  client.logit_error = client.noise = 2e-9;
  client.logit_range = 4;
  client.zeros_between = true;
  client.keys.relin_limbs = 2;
  client.keys.galois = {{ring::galois_element(1, context->degree()), 1}};
  for (std::uint32_t i = 0; i < kPlaces; ++i) client.input_slots.push_back(i);
  return client;
}

std::string hex(ByteSpan bytes) {
  return message::hex_of(bytes);
}

}  // namespace

std::string to_string(Target target) {
  switch (target) {
    case Target::answer:
      return "answer";
    case Target::query:
      return "query";
    case Target::relayed_query:
      return "relayed query";
    case Target::evaluation_keys:
      return "evaluation keys";
    case Target::client_spec:
      return "client spec";
    case Target::other_key:
      return "other key";
    case Target::other_parameters:
      return "other parameters";
  }
  return "";
}

TamperStudy::TamperStudy(std::uint64_t seed) : random_(seed) {
  const message::ClientSpec client = toy_client();
  ckks::SecretKey key(ckks::Context::create(client.parameters), ring::Seed{6});
  owner_ = std::make_unique<const owner::Owner>(client, std::move(key));
  keys_ = owner_->evaluation_keys();
  query_ = owner_->encrypt(std::vector<std::vector<float>>{{0, 0.75F, 1.25F, 0, 0, 0, 0, 0}});
  const auto& context = *owner_->context();
  query_file_ = message::write_query(context, query_);
  keys_file_ = ckks::write_evaluation_keys(context, keys_);
  spec_file_ = message::write_client_spec(owner_->client());
  answer_ = message::write_answer(context, answered(query_, keys_));
}

message::Answer TamperStudy::answered(const message::Query& query, const ckks::SeededEvaluationKeys& keys) const {
  const auto& context = owner_->context();
  const auto& client = owner_->client();
  message::check_contents(client, {query.ciphertexts.size(), query.chunks, query.plain.size()});
  message::check_keys(query, keys.key);
  const ckks::Evaluator evaluator(context, std::make_shared<const ckks::EvaluationKeys>(*context, keys));
  const auto squares =
      evaluator.rescale(evaluator.relinearize(evaluator.square(ckks::expand(*context, query.ciphertexts.front()))));
  const auto sum = evaluator.add(squares, evaluator.rotate(squares, 1));
  return message::answer_to(query, {ckks::compact(*context, sum, client.reply_gap, client.reply_bits)});
}

std::vector<owner::Reading> TamperStudy::read(const owner::Owner& owner, ByteSpan answer) const {
  return owner.read(message::read_answer(*owner.context(), owner.client().program, answer, "answer"),
                    message::ticket_of(query_));
}

/// Half of the changes are of any sort, half turn a few bits anywhere.
Bytes TamperStudy::altered(Bytes file) {
  const Bytes before = file;
  const auto flip = [this](Bytes& bytes) {
    for (std::size_t n = 1 + random_() % 4; n > 0 && !bytes.empty(); --n) {
      bytes[random_() % bytes.size()] ^= static_cast<std::uint8_t>(1U << (random_() % 8));
    }
  };
  const auto any = [this](Bytes& bytes) { change_bytes(bytes, random_); };
  do {
    file = before;
    if (random_() % 2 == 0) {
      change_sealed(Seal::envelope, file, flip, random_);
    } else {
      change_sealed(Seal::envelope, file, any, random_);
    }
  } while (file == before);
  last_ = hex(file);
  return file;
}

std::vector<owner::Reading> TamperStudy::altered_answer() {
  return read(*owner_, altered(answer_));
}

std::vector<owner::Reading> TamperStudy::altered_query(bool relayed) {
  const auto& context = *owner_->context();
  const auto query = message::read_query(context, owner_->client().program, altered(query_file_));
  message::Answer answer = answered(query, keys_);
  if (relayed) answer.query = query_.id;
  return read(*owner_, message::write_answer(context, answer));
}

std::vector<owner::Reading> TamperStudy::altered_keys() {
  const auto file = ckks::read_evaluation_keys(altered(keys_file_));
  if (file.parameters != owner_->client().parameters) throw MismatchError("keys of other parameters");
  return read(*owner_, message::write_answer(*owner_->context(), answered(query_, file.keys)));
}

std::vector<owner::Reading> TamperStudy::altered_spec() {
  const Bytes file = altered(spec_file_);
  auto client = message::read_client_spec(file);
  ckks::SecretKey key(ckks::Context::create(client.parameters), owner_->key().coefficients());
  // As a folder of keys does.
  if (owner::client_tag(key, file) != owner::client_tag(owner_->key(), spec_file_)) {
    throw MismatchError("the client spec is not the one that the keys were made with");
  }
  const owner::Owner owner(std::move(client), std::move(key));
  return read(owner, answer_);
}

std::vector<owner::Reading> TamperStudy::other_key() {
  auto client = owner_->client();
  client.key = {};
  const owner::Owner other(std::move(client));
  auto answer = message::read_answer(*owner_->context(), owner_->client().program, answer_);
  answer.key = other.key().id();
  return read(other, message::write_answer(*other.context(), answer));
}

std::vector<owner::Reading> TamperStudy::other_parameters() {
  auto client = owner_->client();
  client.key = {};
  const auto primes = ring::ntt_primes(45, std::size_t{1} << kLogDegree, 64);
  auto& q = client.parameters.q;
  do q[0] = primes[random_() % primes.size()];
  while (q[0] == owner_->client().parameters.q[0]);
  const auto context = ckks::Context::create(client.parameters);
  const owner::Owner other(std::move(client), ckks::SecretKey(context, owner_->key().coefficients()));
  auto answer = message::read_answer(*owner_->context(), owner_->client().program, answer_);
  answer.key = other.key().id();
  for (auto& c : answer.ciphertexts) {
    c.context = context->digest();
    for (auto* words : {&c.c0, &c.c1}) {
      for (auto& word : *words) word ^= random_() % 2 == 0 ? 0 : random_() & ((std::uint64_t{1} << kReplyBits) - 1);
    }
  }
  return read(other, message::write_answer(*context, answer));
}

std::vector<owner::Reading> TamperStudy::attempt(Target target) {
  switch (target) {
    case Target::answer:
      return altered_answer();
    case Target::query:
      return altered_query(false);
    case Target::relayed_query:
      return altered_query(true);
    case Target::evaluation_keys:
      return altered_keys();
    case Target::client_spec:
      return altered_spec();
    case Target::other_key:
      return other_key();
    case Target::other_parameters:
      return other_parameters();
  }
  return {};
}

TamperCounts TamperStudy::run(Target target, std::uint64_t trials) {
  TamperCounts counts;
  for (; counts.tried < trials; ++counts.tried) {
    try {
      const auto readings = attempt(target);
      const owner::Reading& reading = readings.front();
      const bool right = predicted_class(std::span<const double>(reading.logits)) == kRightClass;
      if (reading.trust == owner::Trust::failed) {
        ++counts.noise;
      } else if (right && readings.size() == 1 && reading.logits.size() == 3) {
        ++counts.same;
      } else if (reading.trust == owner::Trust::doubtful) {
        ++counts.doubtful_wrong;
      } else {
        ++counts.sound_wrong;
        if (counts.examples.size() < kExamples) counts.examples.push_back(last_);
      }
    } catch (const Error&) {
      ++counts.refused;
    }
  }
  return counts;
}

}  // namespace obscura::fuzz
