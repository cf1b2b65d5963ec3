#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "audit/pictures/difference.h"
#include "audit/pictures/histogram.h"
#include "audit/pictures/neighbours.h"
#include "base/notes.h"
#include "image/image.h"

/// `obscura audit images`: the figures that papers on image encryption print, of plain pictures and protected ones, and
/// what chance alone gives for each.
namespace obscura::study {

/// A pair in memory, and what protects the plain picture after a small change; the names are for people.
struct PicturePair {
  std::string plain_name, guarded_name;
  image::Image plain, guarded;
  std::optional<image::Image> changed = {};
};

struct ImageAuditOptions {
  /// Plain, protected, plain, protected, ...; or a folder of plain ones and a folder of protected ones.
  std::vector<std::filesystem::path> files;
  /// What protects a plain picture that was changed a little: a file, or a folder where `files` are. Empty: none.
  std::filesystem::path changed;
  std::size_t drawn = 0;  ///< so many pairs are drawn, the first ones
};

/// Every test is done at this level, on each channel.
inline constexpr double kImageAuditAlpha = 0.01;

/// Of one channel of one picture.
struct ChannelFigures {
  std::string name;             ///< "grey", "red", "green", "blue"
  double entropy = 0;           ///< bits a byte
  double largest_entropy = 0;   ///< that so many samples can have
  double uniform_entropy = 0;   ///< that so many independent uniform bytes have on average
  audit::Uniformity histogram;  ///< against uniform bytes
  std::array<audit::NeighbourCorrelation, audit::kNeighbours.size()> neighbours;
};

struct PictureFigures {
  std::filesystem::path file;
  std::size_t width = 0, height = 0;
  std::vector<ChannelFigures> channels;
  std::vector<std::string> notes;  ///< what was done to the picture to read it
};

/// A protected picture against its plain one. Papers print NPCR and UACI of these two as well; that says nothing of
/// what a change of the plain picture does.
struct AgainstPlain {
  audit::Difference difference;
  double psnr = 0;  ///< dB; infinity where they are equal
  double ssim = 0, correlation = 0;
};

struct ChangedFigures {
  std::filesystem::path file;
  audit::Difference difference;  ///< of the two protected pictures
};

struct PairAudit {
  PictureFigures plain, guarded;
  std::optional<AgainstPlain> against;
  std::optional<ChangedFigures> changed;
  std::vector<std::string> not_compared;  ///< what could not be compared, and why
  std::optional<image::Image> drawn;      ///< both, with histograms and neighbours
};

/// How many channels passed a test.
struct ImageCheck {
  bool guarded = false;  ///< of protected pictures; else of plain ones
  std::string test;      ///< "histogram", "horizontal", "vertical", "diagonal", "npcr", "uaci"
  std::size_t passed = 0, of = 0;
};

struct ImageAudit {
  ImageAuditOptions options;
  std::vector<PairAudit> pairs;
  std::vector<ImageCheck> checks;
};

/// Throws UsageError for files that are no pairs, IoError and FormatError for what cannot be read. Files of folders
/// that have no partner are said in a note.
ImageAudit audit_images(const ImageAuditOptions& options, const Notes& note, bool progress);

/// The same of pictures in memory, whatever files the options name. Throws UsageError for no pair.
ImageAudit audit_images(std::span<const PicturePair> pairs, const ImageAuditOptions& options, bool progress);

/// What passing says and does not say.
std::string image_audit_caution();

/// The object that docs/cli.md describes.
nlohmann::ordered_json image_audit_json(const ImageAudit& audit, const std::string& command);

}  // namespace obscura::study
