#include "fuzz/tiny_owner.h"

#include <cmath>
#include <utility>

#include "fuzz/samples.h"

namespace obscura::fuzz {
namespace {

constexpr int kInputBits = 30, kReplyBits = 40;
constexpr std::size_t kGap = 2;

/// What switching to a modulus of two to `bits` makes of a scale.
double switched(double scale, const ckks::Parameters& parameters, int bits) {
  return scale * std::exp2(bits) / static_cast<double>(parameters.q.front());
}

}  // namespace

message::ClientSpec tiny_client(message::Mode mode) {
  message::ClientSpec client;
  client.mode = mode;
  client.network = "tiny";
  client.program.fill(0x5a);
  client.parameters = answer_parameters();
  client.input = {1, 2, 2};
  client.preprocessing = {{}, {}, {"no", "yes"}, "grey", true};
  client.input_scale = std::exp2(kInputBits);
  client.outputs = 2;
  client.reply_bits = kReplyBits;
  client.reply_scale = switched(client.input_scale, client.parameters, kReplyBits);
  client.logit_error = client.noise = 2e-7;
  client.logit_range = 4;
  if (mode == message::Mode::packed) {
    client.period = 4;
    client.input_slots = {0, 1, 2, 3};
    client.output_slots = {0, 3};
    client.reply_gap = kGap;
    client.zeros_between = true;
  } else {
    client.images = client.slots();
  }
  return client;
}

std::shared_ptr<const owner::Owner> tiny_owner(message::ClientSpec client) {
  ckks::SecretKey key(ckks::Context::create(client.parameters), ring::Seed{3});
  return std::make_shared<const owner::Owner>(std::move(client), std::move(key));
}

std::vector<std::vector<float>> tiny_images(message::Mode mode) {
  if (mode == message::Mode::packed) return {{1.5F, 0, 0, -0.75F}};
  return {{1.5F, 0.25F, 1, -0.75F}, {-1, 0, 0, 2}};
}

message::Ticket tiny_ticket(message::Mode mode) {
  return {{1, 2, 3}, tiny_images(mode).size()};
}

message::Answer echo(const owner::Owner& owner, const message::Query& query) {
  const message::ClientSpec& client = owner.client();
  const auto& context = *owner.context();
  std::vector<ckks::CompactCiphertext> replies;
  for (std::size_t i = 0; i < client.replies(); ++i) {
    const std::size_t at = i == 0 ? 0 : query.ciphertexts.size() - 1;
    replies.push_back(
        ckks::compact(context, ckks::expand(context, query.ciphertexts[at]), client.reply_gap, client.reply_bits));
  }
  message::Answer answer = message::answer_to(query, std::move(replies));
  answer.query = tiny_ticket(client.mode).id;
  return answer;
}

}  // namespace obscura::fuzz
