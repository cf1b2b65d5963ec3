#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ckks/keys.h"
#include "fuzz/reader.h"
#include "message/messages.h"
#include "owner/owner.h"

/// What an owner comes to believe when something on the way was altered, with every checksum, digest and id mended by
/// who altered it. On a ring of 2^6, where a server squares a picture, adds a rotation of it and answers: some hundred
/// microseconds a trial, and every kind of key is used.
namespace obscura::fuzz {

/// What is altered.
enum class Target {
  answer,
  query,            ///< the server works on it and answers to the id that it has
  relayed_query,    ///< the same, and the id that was asked for put back into the answer
  evaluation_keys,  ///< that the server computes with
  client_spec,      ///< that the owner reads by
  other_key,        ///< the answer is read with a key of somebody else, whose id is put into it
  other_parameters  ///< the answer is read in another ring, whose digest is put into it
};
inline constexpr Target kTargets[] = {Target::answer,          Target::query,       Target::relayed_query,
                                      Target::evaluation_keys, Target::client_spec, Target::other_key,
                                      Target::other_parameters};
/// "answer", "relayed query" and so on.
std::string to_string(Target target);

/// What came of so many trials.
struct TamperCounts {
  std::uint64_t tried = 0;
  std::uint64_t refused = 0;               ///< with an error
  std::uint64_t noise = 0;                 ///< read, and said to be noise
  std::uint64_t same = 0;                  ///< believed, and the class is the right one
  std::uint64_t doubtful_wrong = 0;        ///< another class, with a warning
  std::uint64_t sound_wrong = 0;           ///< another class that nothing speaks against
  std::vector<std::string> examples = {};  ///< of the last, a few
};

class TamperStudy {
 public:
  explicit TamperStudy(std::uint64_t seed);

  TamperCounts run(Target target, std::uint64_t trials);

 private:
  /// Throws what is refused.
  std::vector<owner::Reading> attempt(Target target);
  std::vector<owner::Reading> altered_answer();
  std::vector<owner::Reading> altered_query(bool relayed);
  std::vector<owner::Reading> altered_keys();
  std::vector<owner::Reading> altered_spec();
  std::vector<owner::Reading> other_key();
  std::vector<owner::Reading> other_parameters();
  Bytes altered(Bytes file);
  message::Answer answered(const message::Query& query, const ckks::SeededEvaluationKeys& keys) const;
  std::vector<owner::Reading> read(const owner::Owner& owner, ByteSpan answer) const;

  Random random_;
  std::unique_ptr<const owner::Owner> owner_;
  ckks::SeededEvaluationKeys keys_;
  message::Query query_;
  Bytes answer_, query_file_, keys_file_, spec_file_;
  std::string last_;  ///< how the last trial was made, for examples
};

}  // namespace obscura::fuzz
