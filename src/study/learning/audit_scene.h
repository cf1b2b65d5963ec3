#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "audit/attack.h"
#include "base/notes.h"
#include "secret/passphrase.h"
#include "shield/key.h"

/// What `audit attack` tries attacks on.
namespace obscura::study {

/// As on the command line; zeros and empty words were not given.
struct AuditOptions {
  std::string shield;
  std::filesystem::path key;
  ckks::Sealing sealing;  ///< opens that, if it is sealed
  std::size_t block = 0;
  std::string arithmetic;
  int depth = 0;
  std::size_t hidden = 0;
  bool per_image = false;
  std::string control;  ///< chacha20 or ckks in place of the shield
  std::string dataset;
  std::filesystem::path data;
  std::size_t images = 1000;
  std::size_t publics = 5000;
  std::size_t known = 10;
  std::size_t side = 0;
  bool quick = false;
  std::uint64_t seed = 1;
  std::size_t draw = 0;  ///< victims are drawn from all test images with this seed; 0: they are the first
  std::size_t threads = 1;
};

/// A scene with what it is made of, for reports.
struct AuditScene {
  std::shared_ptr<const shield::Shield> shield;
  audit::Scene scene;
  AuditOptions options;  ///< that it was made by
  std::string dataset;
  std::string key;  ///< where it is from, for people
};

/// Draws a key from the seed if none is given: the same each time, and good for audits only. Victims are test images,
/// public ones training images. Throws UsageError for an unknown shield, MismatchError for a key of another one,
/// ParameterError for too few images, and what loading throws.
AuditScene make_audit_scene(const AuditOptions& options, const Notes& note);

}  // namespace obscura::study
