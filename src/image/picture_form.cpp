#include "image/picture_form.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/error.h"
#include "image/class_folders.h"
#include "image/note_tally.h"
#include "image/split_folders.h"

namespace fs = std::filesystem;

namespace obscura::image {
namespace {

/// The most bytes of one set.
constexpr std::size_t kMaxBytes = std::size_t{16} << 30;

std::string size_text(std::size_t width, std::size_t height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

/// What was done to pictures, counted.
struct Changes {
  std::size_t all = 0, resized = 0, squashed = 0, cropped = 0, barred = 0, greyed = 0, coloured = 0;
  std::size_t least = std::numeric_limits<std::size_t>::max(), most = 0;  // pixels
  std::string smallest, largest;

  void add_size(const Image& from, const Conformed& made, Fit fit) {
    const std::size_t pixels = from.width * from.height;
    if (pixels < least) least = pixels, smallest = size_text(from.width, from.height);
    if (pixels > most) most = pixels, largest = size_text(from.width, from.height);
    ++all;
    if (from.width == made.image.width && from.height == made.image.height) return;
    ++resized;
    squashed += made.squashed ? 1 : 0;
    const bool other_shape = from.width * made.image.height != from.height * made.image.width;
    cropped += other_shape && fit == Fit::crop ? 1 : 0;
    barred += other_shape && fit == Fit::letterbox ? 1 : 0;
  }

  std::string of(std::size_t count) const { return std::to_string(count) + " of " + std::to_string(all); }
};

void add_notes(Dataset& set, const Changes& c, Split split) {
  const auto say = [&](const std::string& text) {
    set.notes.push_back(set.name + ", " + to_string(split) + ": " + text);
  };
  if (c.resized > 0) {
    const std::string from = c.smallest == c.largest ? c.smallest : c.smallest + " to " + c.largest;
    say(c.of(c.resized) + " pictures resized, from " + from + " to " + size_text(set.width, set.height));
  }
  if (c.squashed > 0)
    say(c.of(c.squashed) + " squashed to fit: their proportions changed (fit: crop or letterbox keeps them)");
  if (c.cropped > 0) say(c.of(c.cropped) + " lost what is outside their middle (fit: crop)");
  if (c.barred > 0) say(c.of(c.barred) + " have black bars (fit: letterbox)");
  if (c.greyed > 0) say(c.of(c.greyed) + " colour pictures made grey");
  if (c.coloured > 0) say(c.of(c.coloured) + " grey pictures made colour, three equal channels");
}

/// With a size: that of the form, or the first picture's.
PictureForm sized(PictureForm form, const Image& first) {
  if (form.has_size()) return form;
  form.width = first.width;
  form.height = first.height;
  if (std::max(first.width, first.height) > form.largest) form.width = form.height = form.largest;
  return form;
}

/// Makes pictures fit one after the other. Colours are made alike at the end, as all have to be seen for that.
class Fitter {
 public:
  Fitter(Dataset& set, const PictureForm& form) : set_(set), form_(form) {}

  void add(const Image& picture, const std::string& what) {
    if (images_.empty()) form_ = sized(form_, picture);
    const std::size_t channels = form_.channels == 0 ? picture.channels : form_.channels;
    auto made = conform(picture, channels, form_.height, form_.width, form_.fit);
    changes_.add_size(picture, made, form_.fit);
    changes_.greyed += picture.channels > channels ? 1 : 0;
    changes_.coloured += picture.channels < channels ? 1 : 0;
    bytes_ += made.image.pixels.size();
    if (bytes_ > kMaxBytes) throw FormatError(what + " is one image too many: they do not fit into memory");
    images_.push_back(std::move(made.image));
  }

  void finish(Split split) {
    set_.count = images_.size();
    set_.height = form_.height;
    set_.width = form_.width;
    set_.channels = 1;
    for (const Image& image : images_) set_.channels = std::max(set_.channels, image.channels);
    for (Image& image : images_) {
      const bool grey = image.channels < set_.channels;
      changes_.coloured += grey ? 1 : 0;
      const auto planar = to_planar(grey ? to_rgb(image) : image);
      set_.images.insert(set_.images.end(), planar.begin(), planar.end());
      image = {};
    }
    add_notes(set_, changes_, split);
  }

 private:
  Dataset& set_;
  PictureForm form_;
  std::vector<Image> images_;
  std::size_t bytes_ = 0;
  Changes changes_;
};

Dataset load_photos(const fs::path& folder, Split split, std::size_t limit, const PictureForm& form) {
  const LabelledFiles found = labelled_files(folder, split, limit, is_image_name);
  Dataset set;
  set.name = folder_name(folder);
  set.classes = found.classes;
  set.available = found.available;
  set.by_turn = true;
  set.notes = found.notes;
  Fitter fitter(set, form);
  NoteTally tally;
  for (const auto& [path, label] : found.files) {
    const ReadImage read = read_with_notes(path);
    tally.add(path, read.notes);
    fitter.add(read.image, path.string());
    set.labels.push_back(static_cast<std::int64_t>(label));
  }
  const auto lines = tally.lines();
  set.notes.insert(set.notes.end(), lines.begin(), lines.end());
  fitter.finish(split);
  return set;
}

std::optional<std::size_t> side_of(const std::string& digits) {
  const bool number =
      !digits.empty() && digits.size() <= 5 && digits.find_first_not_of("0123456789") == std::string::npos;
  if (!number) return std::nullopt;
  const std::size_t side = std::stoul(digits);
  return side >= 1 && side <= kMaxSide ? std::optional(side) : std::nullopt;
}

}  // namespace

void parse_size(const std::string& text, PictureForm& form) {
  const std::size_t cross = text.find('x');
  const auto width = side_of(text.substr(0, cross));
  const auto height = cross == std::string::npos ? width : side_of(text.substr(cross + 1));
  if (!width || !height) {
    throw UsageError("'" + text + "' is no size of pictures: 64, or 64x48 (width x height), sides of 1 to " +
                     std::to_string(kMaxSide) + " pixels");
  }
  form.width = *width;
  form.height = *height;
}

std::size_t parse_colour(const std::string& text) {
  if (text == "grey" || text == "gray") return 1;
  if (text == "rgb") return 3;
  throw UsageError("'" + text + "' is no colour of pictures: grey or rgb");
}

Dataset load_pictures(const std::string& name, Split split, const fs::path& data_dir, std::size_t limit,
                      const PictureForm& form) {
  const auto names = dataset_names();
  std::error_code ec;
  const bool named = name == "cifar10" || std::find(names.begin(), names.end(), name) != names.end();
  if (!named && fs::is_directory(name, ec)) return load_photos(name, split, limit, form);
  Dataset set = load_dataset(name, split, data_dir, limit);
  const bool other_size = form.has_size() && (form.width != set.width || form.height != set.height);
  if (!other_size && (form.channels == 0 || form.channels == set.channels)) return set;
  Dataset made = set;
  made.images.clear();
  PictureForm wanted = form;
  if (!wanted.has_size()) wanted.width = set.width, wanted.height = set.height;
  Fitter fitter(made, wanted);
  for (std::size_t n = 0; n < set.count; ++n) fitter.add(set.image(n), name);
  fitter.finish(split);
  return made;
}

}  // namespace obscura::image
