#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "message/client_spec.h"
#include "secret/finish.h"

namespace obscura::owner {

/// What an owner may think of an answer.
enum class Trust {
  sound,     ///< nothing speaks against it
  doubtful,  ///< near the edge of what the network was measured on: the class may be wrong
  failed,    ///< impossible for an honest answer to this query: noise, not a result
};

/// "sound", "doubtful" or "failed".
std::string trust_name(Trust trust);

/// One image's answer.
struct Reading {
  std::vector<double> logits;  ///< of a failed one: noise, to be measured and never to be shown
  Trust trust = Trust::sound;
  std::string reason;  ///< why it is not sound: one line without the image's name
};

/// What an answer shows of itself before anything is added or rounded, in units of logits.
struct Evidence {
  double largest = 0;  ///< logit, in magnitude
  /// The largest part, in magnitude, that is zero but for noise in every honest answer: imaginary parts, and places of
  /// the layout that hold no logit.
  double stray = 0;
};

/// Judges one image by what it shows. A wrong key, wrong evaluation keys, an altered seed or an overflow make strays
/// ten thousand times the noise; an image unlike those that ranges were measured on makes logits beyond their range.
/// Fills in trust and reason.
void judge(const message::ClientSpec& client, const Evidence& evidence, Reading& reading);

/// Judges once more what others than the owner may see: what is doubtful is failed, and so is every image of an answer
/// with an imaginary part, `stray`, that no honest answer has in any slot, whoever's slot it is. Flooding hides errors
/// of the derived size, and answers that others made up may have any.
void judge_shown(const message::ClientSpec& client, double stray, Reading& reading);

/// How answers are decrypted where those of `share` images in all may be shown to others than the owner: flooded, for
/// every logit of each; 0: none may. Throws UnsupportedError where the program is not precise enough for anything to be
/// left of them.
ckks::DecryptOptions flooded_for(const message::ClientSpec& client, std::uint64_t share);

}  // namespace obscura::owner
