#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "audit/pairs/nibble_key.h"
#include "audit/scene/quality.h"
#include "audit/statistics/match_statistics.h"
#include "image/dataset.h"
#include "shield/shield.h"

/// All attacks by name, and what came of one.
namespace obscura::audit {

/// What attacks are tried on. The attacker knows which shield it is, and never the key.
struct Scene {
  shield::Parameters parameters;           ///< complete
  bool per_image = false;                  ///< a key an image, as nonces in files tell the attacker
  std::vector<image::Image> originals;     ///< the truth: of the victim's images, for scoring
  std::vector<shield::Protected> ciphers;  ///< what the attacker sees of them
  std::vector<image::Image> known;         ///< pairs that leaked, besides
  std::vector<shield::Protected> known_ciphers;
  image::Dataset publics;     ///< unrelated images
  Oracle oracle;              ///< the victim's program, for attacks that choose images
  double key_space_bits = 0;  ///< Shield::key_space_bits
  std::uint64_t seed = 1;
  bool quick = false;  ///< smaller sizes where something is trained or searched for long
  std::size_t threads = 1;
};

/// `images` as victims and, behind them, `known` leaked pairs, all protected by the oracle; all of one shape, publics,
/// too. Throws ParameterError for fewer than two victims, MismatchError for different shapes.
Scene make_scene(const shield::Shield& shield, Oracle oracle, std::span<const image::Image> images, std::size_t known,
                 image::Dataset publics);

/// One line in the table of attacks.
struct AttackInfo {
  std::string name;
  std::string threat;   ///< what the attacker has: "ciphertext only", "known plaintext", "chosen plaintext", ...
  std::string summary;  ///< one line
  std::vector<std::string> shields;
};

const std::vector<AttackInfo>& attacks();
/// Those that there are on a shield, in the order of the table. Throws UnsupportedError if there is none.
std::vector<AttackInfo> attacks_on(const shield::Parameters& what);
/// Throws UsageError, listing the names, for a name that there is not.
const AttackInfo& find_attack(const std::string& name);

/// What the same attack and scoring give on random bytes (ChaCha20) of the same shapes in place of all that is
/// protected: how well it does where there is nothing to be had.
struct Null {
  double success = 0;
  std::optional<Quality> quality;
};

/// What an attacker got.
struct AttackReport {
  AttackInfo attack;
  std::optional<double> success;     ///< 0 to 1
  double chance = 0;                 ///< what guessing would have given
  std::string success_of;            ///< what was counted: "images identified", "pairs matched", ...
  std::optional<Quality> quality;    ///< of recovered images; none where the attack recovers none
  std::optional<Quality> baseline;   ///< of the mean of the public images in their place
  std::optional<Null> null;          ///< none where nothing is counted, or where the attack cannot read random bytes
  std::size_t tries = 0;             ///< how many images, pairs or blocks `success` is a share of
  std::string claim;                 ///< what the attack says of itself, without the truth; empty: nothing
  std::size_t protected_images = 0;  ///< that the attacker saw
  std::size_t known_pairs = 0;       ///< that it used
  std::size_t publics = 0;
  std::size_t chosen = 0;  ///< images that it had protected
  double seconds = 0;
  std::vector<Figure> figures;
  std::vector<image::Image> recovered;  ///< of the first images of the scene

  /// True if the attacker is no better than chance and than on random bytes: no more matched, identified or placed than
  /// luck gives one time in a thousand, and images no nearer than the public mean or those that random bytes gave.
  bool at_chance() const;
  /// One honest line.
  std::string verdict() const;
};

/// Runs an attack of attacks_on(scene.parameters), scores it with the truth, and does both again on random bytes.
/// Deterministic but for `seconds`, which are those of the first. Throws UsageError, UnsupportedError for another
/// attack, MismatchError, ParameterError as the attack does.
AttackReport run_attack(const std::string& name, const Scene& scene);

/// "exact" for infinity, or "25.3 dB".
std::string decibel_text(double psnr);

}  // namespace obscura::audit
