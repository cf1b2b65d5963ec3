#include "study/images/query_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/notes.h"
#include "image/class_folders.h"
#include "image/image.h"
#include "image/note_tally.h"
#include "nn/reference.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

constexpr const char* kInverted =
    "dark strokes on a bright ground, while this network seems to expect light ones on a dark ground (--invert turns "
    "light and dark around)";
constexpr const char* kKeepsShape =
    "--fit crop or --fit letterbox keeps a picture's proportions (--fit stretch: as now)";

std::string files_text(std::size_t n) {
  return fmt::format("{} file{}", n, n == 1 ? "" : "s");
}

/// The image files in a folder, in order of names; what else is there is counted and said.
std::vector<fs::path> folder_files(const fs::path& folder, const Notes& note) {
  std::vector<fs::path> out;
  std::size_t others = 0, folders = 0;
  std::error_code ec;
  for (fs::directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec)) {
    std::error_code odd;  // a link to nowhere is no reason to stop
    if (at->path().filename().string().starts_with('.')) continue;
    if (at->is_directory(odd)) {
      ++folders;
    } else if (at->is_regular_file(odd) && image::is_image_name(at->path())) {
      out.push_back(at->path());
    } else {
      ++others;
    }
  }
  if (ec) throw IoError("cannot read the folder " + folder.string() + ": " + ec.message());
  if (out.empty()) throw IoError("there are no images in the folder " + folder.string());
  if (others != 0) {
    note(fmt::format("{} in {} {} no image by its name: left out", files_text(others), folder.string(),
                     others == 1 ? "is" : "are"));
  }
  if (folders != 0) note(fmt::format("{} has {} more folders in it: left out", folder.string(), folders));
  std::sort(out.begin(), out.end());
  return out;
}

/// The classes of a network for digits. One that states nothing and takes the size of the usual digits is taken for it.
bool reads_digits(const Shape& input, const Preprocessing& preprocessing) {
  constexpr std::size_t kDigits = 10, kSide = 28;
  if (preprocessing.classes.empty()) {
    return !preprocessing.stated && input.height == kSide && input.width == kSide;
  }
  if (preprocessing.classes.size() != kDigits) return false;
  for (std::size_t i = 0; i < kDigits; ++i) {
    if (preprocessing.classes[i] != std::to_string(i)) return false;
  }
  return true;
}

image::Conformed conformed_image(const image::Image& image, const Shape& input, const PictureFit& options) {
  return image::conform(options.invert ? image::inverted(image) : image, input.channels, input.height, input.width,
                        options.chosen());
}

}  // namespace

std::vector<fs::path> query_files(const std::vector<fs::path>& named, const Notes& note) {
  std::vector<fs::path> out;
  std::set<fs::path> seen;
  for (const fs::path& path : named) {
    std::error_code ec;
    const bool folder = fs::is_directory(path, ec);
    for (const fs::path& file : folder ? folder_files(path, note) : std::vector<fs::path>{path}) {
      fs::path place = fs::weakly_canonical(file, ec);
      if (!seen.insert(ec ? file : std::move(place)).second) {
        if (folder) {
          note(file.string() + " is named beside its folder: taken once");
          continue;
        }
        note(file.string() + " is named twice: it is in the query twice");
      }
      out.push_back(file);
    }
  }
  return out;
}

image::ReadImage QueryPicture::read() const {
  if (!pixels) return image::read_with_notes(file);
  if (pixels->empty()) throw ParameterError(file.string() + " has no pixels");
  return {*pixels, {}};
}

QueryImage read_query_image(const fs::path& file, const Shape& input, const Preprocessing& preprocessing,
                            const PictureFit& options) {
  return read_query_image(QueryPicture{file}, input, preprocessing, options);
}

QueryImage read_query_image(const QueryPicture& picture, const Shape& input, const Preprocessing& preprocessing,
                            const PictureFit& options) {
  if (input.channels != 1 && input.channels != 3) {
    throw UnsupportedError("the network takes " + std::to_string(input.channels) +
                           " channels: only grey (1) and colour (3) images can be encrypted for it");
  }
  auto read = picture.read();
  const auto fitted = conformed_image(read.image, input, options);
  QueryImage out{picture.file.string(), std::move(read.notes), {}, fitted.squashed, {}};
  if (options.invert) out.notes.emplace_back("light and dark are turned around");
  out.notes.insert(out.notes.end(), fitted.notes.begin(), fitted.notes.end());
  if (!options.invert && looks_inverted(fitted.image, input, preprocessing)) out.warning = kInverted;
  const auto [least, most] = std::ranges::minmax(fitted.image.pixels);
  if (least == most) out.warning = "it is one even area: there is nothing in it to tell apart";
  if (!out.warning.empty()) out.notes.push_back(out.warning);
  out.values = preprocess(image::to_planar(fitted.image), preprocessing);
  return out;
}

std::vector<QueryImage> read_query_images(const std::vector<fs::path>& files, const Shape& input,
                                          const Preprocessing& preprocessing, const PictureFit& options,
                                          const Notes& note) {
  std::vector<QueryImage> images;
  image::NoteTally tally;
  for (const fs::path& file : files) {
    images.push_back(read_query_image(file, input, preprocessing, options));
    tally.add(file, images.back().notes);
  }
  for (const std::string& line : tally.lines()) note(line);
  if (options.fit.empty() && std::ranges::any_of(images, &QueryImage::squashed)) note(kKeepsShape);
  return images;
}

std::vector<float> network_values(const image::Dataset& set, std::size_t i, const nn::Graph& graph,
                                  const PictureFit& options) {
  const Shape& input = graph.input_shape();
  const bool fits = set.channels == input.channels && set.height == input.height && set.width == input.width;
  if (fits && !options.invert) return preprocess(set.pixels(i), graph.preprocessing);
  return preprocess(image::to_planar(conformed_image(set.image(i), input, options).image), graph.preprocessing);
}

bool looks_inverted(const image::Image& image, const Shape& input, const Preprocessing& preprocessing) {
  constexpr double kBright = 0.75 * 255, kDarkMean = 0.35;
  constexpr std::uint8_t kDark = 128;
  if (image.channels != 1 || image::border_mean(image) <= kBright) return false;
  if (*std::ranges::min_element(image.pixels) >= kDark) return false;  // no strokes at all
  // A mean of 0 only says that nothing is subtracted.
  const float mean = preprocessing.stated && !preprocessing.mean.empty() ? preprocessing.mean[0] : 0;
  return mean > 0 ? mean < kDarkMean : reads_digits(input, preprocessing);
}

void note_set(const image::Dataset& set, const Shape& input, const Preprocessing& preprocessing,
              const PictureFit& options, const Notes& note) {
  if (set.count == 0) return;
  const auto fitted = [&](std::size_t i) { return conformed_image(set.image(i), input, options); };
  if (options.invert) note("light and dark of every image are turned around");
  if (options.fit.empty() && fitted(0).squashed) {
    note(fmt::format("making {}x{} images {}x{} changes their proportions; {}", set.width, set.height, input.width,
                     input.height, kKeepsShape));
  }
  if (options.invert || input.channels != 1) return;
  constexpr std::size_t kLooked = 100;
  const std::size_t looked = std::min(set.count, kLooked);
  std::size_t turned = 0;
  for (std::size_t i = 0; i < looked; ++i) turned += looks_inverted(fitted(i).image, input, preprocessing) ? 1U : 0U;
  if (2 * turned > looked) note(fmt::format("{}: {}", set.name, kInverted));
}

}  // namespace obscura::study
