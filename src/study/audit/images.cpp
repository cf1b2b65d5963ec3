#include "study/audit/images.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "audit/pictures/similarity.h"
#include "base/error.h"
#include "base/progress.h"
#include "study/audit/images_sheet.h"
#include "study/images/picture_folder.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

struct PairFiles {
  fs::path plain, guarded, changed;
};

std::map<fs::path, fs::path> by_stem(const fs::path& folder) {
  std::map<fs::path, fs::path> files;
  for (const auto& one : list_pictures(folder, has_image_ending).files) files.emplace(one.stem, one.file);
  return files;
}

/// A note on files that the other folder has no partner for.
void note_alone(const std::map<fs::path, fs::path>& files, const std::map<fs::path, fs::path>& partners,
                const fs::path& folder, const fs::path& other, const Notes& note) {
  std::size_t alone = 0;
  std::string first;
  for (const auto& [stem, file] : files) {
    if (partners.contains(stem)) continue;
    if (alone++ == 0) first = file.string();
  }
  if (alone > 0) {
    note(fmt::format("{} of {} pictures of {} have none of that name in {} and are left out, {} first", alone,
                     files.size(), folder.string(), other.string(), first));
  }
}

std::vector<PairFiles> pairs_of_folders(const ImageAuditOptions& a, const Notes& note) {
  const auto plain = by_stem(a.files[0]), guarded = by_stem(a.files[1]);
  const auto changed = a.changed.empty() ? std::map<fs::path, fs::path>() : by_stem(a.changed);
  note_alone(plain, guarded, a.files[0], a.files[1], note);
  note_alone(guarded, plain, a.files[1], a.files[0], note);
  if (!a.changed.empty()) note_alone(guarded, changed, a.files[1], a.changed, note);
  std::vector<PairFiles> pairs;
  for (const auto& [stem, file] : plain) {
    const auto partner = guarded.find(stem);
    if (partner == guarded.end()) continue;
    const auto third = changed.find(stem);
    pairs.push_back({file, partner->second, third == changed.end() ? fs::path() : third->second});
  }
  if (pairs.empty()) {
    throw UsageError("no picture of " + a.files[0].string() + " has one of the same name in " + a.files[1].string() +
                     ": pairs are found by name, without the ending");
  }
  return pairs;
}

std::vector<PairFiles> pairs_of(const ImageAuditOptions& a, const Notes& note) {
  std::error_code ec;
  const auto is_folder = [&](const fs::path& file) { return fs::is_directory(file, ec); };
  const auto folders = std::count_if(a.files.begin(), a.files.end(), is_folder);
  if (a.files.size() < 2 || a.files.size() % 2 != 0) {
    throw UsageError(
        fmt::format("{} pictures, expected pairs: PLAIN PROTECTED, and more pairs behind them", a.files.size()));
  }
  if (folders > 0) {
    if (a.files.size() != 2 || folders != 2) {
      throw UsageError("folders and files mixed, expected pairs of pictures or two folders: PLAIN PROTECTED");
    }
    if (!a.changed.empty() && !is_folder(a.changed)) {
      throw UsageError("--changed is a file, expected a folder like the other two");
    }
    return pairs_of_folders(a, note);
  }
  if (!a.changed.empty() && a.files.size() != 2) {
    throw UsageError("--changed is one picture and goes with one pair; for more, name three folders");
  }
  std::vector<PairFiles> pairs;
  for (std::size_t i = 0; i < a.files.size(); i += 2) pairs.push_back({a.files[i], a.files[i + 1], a.changed});
  return pairs;
}

PictureFigures figures_of(const fs::path& file, const image::ReadImage& read) {
  static constexpr std::array kColours{"red", "green", "blue"};
  const image::Image& picture = read.image;
  PictureFigures figures{file, picture.width, picture.height, {}, read.notes};
  for (std::size_t c = 0; c < picture.channels; ++c) {
    const auto counts = audit::count_bytes(picture, c);
    ChannelFigures channel;
    channel.name = picture.channels == 1 ? "grey" : kColours[c];
    channel.entropy = audit::entropy(counts);
    channel.largest_entropy = audit::largest_entropy(counts.total);
    channel.uniform_entropy = audit::uniform_entropy(counts.total);
    channel.histogram = audit::uniformity(counts);
    for (std::size_t k = 0; k < channel.neighbours.size(); ++k) {
      channel.neighbours[k] = audit::neighbour_correlation(picture, c, audit::kNeighbours[k]);
    }
    figures.channels.push_back(channel);
  }
  return figures;
}

std::string shape_text(const image::Image& picture) {
  return fmt::format("{}x{} {}", picture.width, picture.height, picture.channels == 1 ? "grey" : "in colour");
}

bool alike(const image::Image& a, const image::Image& b) {
  return a.channels == b.channels && a.height == b.height && a.width == b.width;
}

/// A pair with all that is known of where it is from.
struct ReadPair {
  PairFiles files;
  image::ReadImage plain, guarded;
  std::optional<image::Image> changed;
};

ReadPair read_pair(const PairFiles& files) {
  ReadPair pair{files, image::read_with_notes(files.plain), image::read_with_notes(files.guarded), {}};
  if (!files.changed.empty()) pair.changed = image::read_with_notes(files.changed).image;
  return pair;
}

PairAudit audit_pair(const ReadPair& read, bool draw) {
  const PairFiles& files = read.files;
  PairAudit pair{figures_of(files.plain, read.plain), figures_of(files.guarded, read.guarded), {}, {}, {}, {}};
  const image::Image &a = read.plain.image, &b = read.guarded.image;
  if (alike(a, b)) {
    pair.against = {audit::difference(a, b), audit::psnr(b, a), audit::ssim(b, a), audit::correlation(b, a)};
  } else {
    pair.not_compared.push_back(fmt::format(
        "the plain picture is {}, the protected one {}: NPCR, UACI, PSNR, SSIM and their correlation need one shape",
        shape_text(a), shape_text(b)));
  }
  if (read.changed) {
    const image::Image& other = *read.changed;
    if (alike(b, other)) {
      pair.changed = {files.changed, audit::difference(b, other)};
    } else {
      pair.not_compared.push_back(fmt::format("{} is {}, the protected picture {}: NPCR and UACI need one shape",
                                              files.changed.string(), shape_text(other), shape_text(b)));
    }
  }
  if (draw) pair.drawn = draw_pair(a, b);
  return pair;
}

/// Adds one channel's or pair's outcome to the check of that name.
void count(std::vector<ImageCheck>& checks, bool guarded, const std::string& test, bool passed) {
  const auto is = [&](const ImageCheck& c) { return c.guarded == guarded && c.test == test; };
  auto found = std::find_if(checks.begin(), checks.end(), is);
  if (found == checks.end()) found = checks.insert(checks.end(), ImageCheck{guarded, test});
  found->passed += passed ? 1 : 0;
  ++found->of;
}

void count_picture(std::vector<ImageCheck>& checks, bool guarded, const PictureFigures& figures) {
  for (const auto& channel : figures.channels) {
    if (channel.histogram.enough) {
      count(checks, guarded, "histogram", channel.histogram.p >= kImageAuditAlpha);
    }
    for (std::size_t k = 0; k < channel.neighbours.size(); ++k) {
      const auto& neighbours = channel.neighbours[k];
      // What is constant looks like nothing but a constant.
      if (neighbours.pairs > 1) {
        count(checks, guarded, to_string(audit::kNeighbours[k]), neighbours.r && !neighbours.beyond_chance());
      }
    }
  }
}

std::vector<ImageCheck> checks_of(const std::vector<PairAudit>& pairs) {
  std::vector<ImageCheck> checks;
  for (const auto& pair : pairs) count_picture(checks, false, pair.plain);
  for (const auto& pair : pairs) count_picture(checks, true, pair.guarded);
  for (const auto& pair : pairs) {
    if (!pair.changed) continue;
    count(checks, true, "npcr", pair.changed->difference.npcr_passes(kImageAuditAlpha));
    count(checks, true, "uaci", pair.changed->difference.uaci_passes(kImageAuditAlpha));
  }
  return checks;
}

}  // namespace

ImageAudit audit_images(const ImageAuditOptions& options, const Notes& note, bool progress) {
  const auto files = pairs_of(options, note);
  ImageAudit audit{options, {}, {}};
  Progress shown("measuring", files.size(), "pairs", progress);
  for (const auto& pair : files) {
    audit.pairs.push_back(audit_pair(read_pair(pair), audit.pairs.size() < options.drawn));
    shown.advance();
  }
  audit.checks = checks_of(audit.pairs);
  return audit;
}

ImageAudit audit_images(std::span<const PicturePair> pairs, const ImageAuditOptions& options, bool progress) {
  if (pairs.empty()) throw UsageError("no pictures, expected pairs of a plain and a protected one");
  ImageAudit audit{options, {}, {}};
  Progress shown("measuring", pairs.size(), "pairs", progress);
  for (const auto& pair : pairs) {
    const ReadPair read{{pair.plain_name, pair.guarded_name, "the changed picture"},
                        {pair.plain, {}},
                        {pair.guarded, {}},
                        pair.changed};
    audit.pairs.push_back(audit_pair(read, audit.pairs.size() < options.drawn));
    shown.advance();
  }
  audit.checks = checks_of(audit.pairs);
  return audit;
}

std::string image_audit_caution() {
  return "Passing says nothing about security: a Hill cipher, which falls to algebra in a second, passes nearly all of "
         "it. Failing says that pictures leak (docs/audit.md).";
}

}  // namespace obscura::study
