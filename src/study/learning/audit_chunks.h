#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "audit/chunks/entropy.h"
#include "audit/chunks/folds.h"
#include "audit/chunks/reconstruction.h"
#include "base/notes.h"
#include "message/chunked.h"
#include "report/scores.h"
#include "study/chunk_map.h"

/// What plain chunks, and the map of which are plain, give away of pictures that are encrypted in part.
namespace obscura::study {

/// As on the command line.
struct ChunkAuditOptions {
  std::string dataset = "neu-cls";
  std::filesystem::path data;
  ChunkWishes wishes;  ///< pictures are audited with and without equalised histograms, or without alone
  std::vector<std::string> thresholds = {"50", "100", "150"};
  std::vector<std::string> policies = {"features", "all", "hidden"};
  std::vector<std::string> attacks = {"count", "map", "statistics", "network", "inpainting"};
  std::size_t hidden = 0;  ///< chunks that policy hidden encrypts; 0: usual_hidden_chunks (study/policy.h)
  std::size_t folds = 5;
  std::size_t trees = 200;
  std::size_t epochs = 10;  ///< of the network
  std::uint64_t seed = 1;
  bool quick = false;  ///< one fold, a network of two epochs
  std::size_t threads = 0;
};

/// An attacker that guesses the class of a picture.
struct ChunkAttacker {
  std::string name;     ///< "map"
  audit::Guesses real;  ///< over all folds
  audit::Guesses null;  ///< the same attacker, having learnt from shuffled labels; of the network in one fold
  report::Interval interval, null_interval;
};

/// One policy with one threshold and one preprocessing.
struct ChunkAuditRow {
  message::Policy policy = message::Policy::features;
  bool equalised = true;
  std::optional<double> threshold;          ///< policy features
  double encrypted = 0;                     ///< mean share of the chunks of a picture
  double all_plain = 0, all_encrypted = 0;  ///< shares of the pictures
  double bytes = 0;                         ///< mean upload of a picture, as a query
  std::size_t least_bytes = 0, most_bytes = 0;
  bool same_views =
      false;  ///< every picture (but for policy features, under every preprocessing) shows the server the same
  audit::MapEntropy map;
  std::vector<ChunkAttacker> attackers;
  std::optional<audit::Reconstruction> drawn;
  image::Image sheet;  ///< some pictures: original, seen, drawn
};

struct ChunkAudit {
  ChunkAuditOptions options;
  std::string dataset;
  std::vector<std::string> classes;
  Chunking cut;
  std::size_t pictures = 0, duplicates = 0;  ///< duplicates: that have the pixels of an earlier one
  double chance = 0;                         ///< share of the largest class
  std::size_t hidden = 0;                    ///< chunks that policy hidden encrypts
  std::size_t tested_folds = 0;
  double seconds = 0;
  std::vector<ChunkAuditRow> rows;
};

/// Cross-validates every attacker on every policy, threshold and preprocessing, over all pictures of the set, training
/// and test together. `on_row`, if set, hears of each as it is done. Throws UsageError and ParameterError for wishes
/// that cannot be, and what loading throws.
ChunkAudit audit_chunks(const ChunkAuditOptions& options, const Notes& note, bool progress,
                        const std::function<void(const ChunkAudit&, const ChunkAuditRow&)>& on_row);

/// "histogram equalised, threshold 100, features".
std::string row_text(const ChunkAuditRow& row);

/// The object that docs/cli.md describes. `command`: what repeats it.
nlohmann::ordered_json chunk_audit_json(const ChunkAudit& audit, const std::string& command);

}  // namespace obscura::study
