#include "owner/reading.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"

namespace obscura::owner {
namespace {

/// Strays over the predicted noise: honest ones stayed under 8 (tests/owner: four random networks, both layouts), those
/// of another key start at thousands.
constexpr double kDoubtfulStray = 16, kFailedStray = 64;
/// Logits over what calibration promises, which is twice the largest that was seen; the compiler leaves three bits of
/// room above that one.
constexpr double kFailedRange = 4;

/// The largest logit that the modulus of a reply can hold in all slots at once.
double capacity(const message::ClientSpec& client) {
  return std::ldexp(client.output_factor / client.reply_scale, client.reply_bits - 1);
}

}  // namespace

std::string trust_name(Trust trust) {
  switch (trust) {
    case Trust::sound:
      return "sound";
    case Trust::doubtful:
      return "doubtful";
    case Trust::failed:
      return "failed";
  }
  return "failed";
}

void judge(const message::ClientSpec& client, const Evidence& evidence, Reading& reading) {
  const auto say = [&](Trust trust, std::string reason) {
    reading.trust = trust;
    reading.reason = std::move(reason);
  };
  // Written so that what is no number fails.
  const double stray = evidence.stray / client.noise;
  if (!(stray <= kFailedStray)) {
    return say(Trust::failed,
               fmt::format("is noise: parts that are zero in an answer are {:.2g}, expected about {:.2g}; it was made "
                           "with other keys, altered on its way, or left the range of the modulus",
                           evidence.stray, client.noise));
  }
  const double most = client.logit_range > 0 ? kFailedRange * client.logit_range : capacity(client);
  if (!(evidence.largest <= most)) {
    return say(Trust::failed, fmt::format("has a logit of {:.3g}, over the {:.3g} that the program has room for: the "
                                          "image is unlike those that the network's ranges were measured on",
                                          evidence.largest, most));
  }
  if (stray > kDoubtfulStray) {
    return say(Trust::doubtful, fmt::format("has an error about {:.2g} times the predicted one", stray));
  }
  if (client.logit_range > 0 && evidence.largest > client.logit_range) {
    say(Trust::doubtful, fmt::format("has a logit of {:.3g}; the largest on the images that the ranges were measured "
                                     "on was {:.3g}",
                                     evidence.largest, client.logit_range / message::kLogitHeadroom));
  }
}

void judge_shown(const message::ClientSpec& client, double stray, Reading& reading) {
  if (reading.trust == Trust::doubtful) {
    reading.trust = Trust::failed;
    reading.reason += ", and is not to be shown to others";
  }
  if (reading.trust == Trust::failed || stray <= kDoubtfulStray * client.noise) return;
  reading.trust = Trust::failed;
  reading.reason = fmt::format(
      "is not to be shown to others: somewhere in it a part that is zero in an answer is {:.2g}, "
      "expected about {:.2g}: it was altered, and its error may tell the key",
      stray, client.noise);
}

ckks::DecryptOptions flooded_for(const message::ClientSpec& client, std::uint64_t share) {
  ckks::DecryptOptions options;
  if (share == 0) return options;
  options.flood_queries = share * client.outputs;
  const double left = 2 * client.noise * ckks::added_noise_factor(options);
  const double range = client.logit_range > 0 ? client.logit_range : 1;
  if (left <= range / 16) return options;
  throw UnsupportedError(
      fmt::format("to show {} answers, flooding would add noise of {:.2g} to logits of up to {:.2g}, and leave nothing "
                  "of them; compile the network with --share {} and make keys for that, or show the class alone, and "
                  "never the numbers",
                  share, left, range, share));
}

}  // namespace obscura::owner
