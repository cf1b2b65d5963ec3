// CIFAR-10: the official binary batches, or the same images as lossless sheets.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "image/loaders.h"

namespace fs = std::filesystem;

namespace obscura::image {
namespace {

constexpr std::size_t kSide = 32;
constexpr std::size_t kPlane = kSide * kSide;
constexpr std::size_t kImage = 3 * kPlane;
constexpr std::size_t kBatch = 10000;
constexpr std::size_t kSheet = 1000;
constexpr std::size_t kColumns = 40;
constexpr std::size_t kRows = 25;
constexpr std::size_t kTestBatch = 5;

/// Appends the first `count` records of a batch: a label, then 1,024 red, green and blue bytes each.
void append_records(Dataset& set, std::span<const std::uint8_t> batch, const std::string& what, std::size_t count) {
  if (batch.size() != kBatch * (kImage + 1)) {
    throw FormatError(what + " is not a CIFAR-10 batch: it has " + std::to_string(batch.size()) + " bytes, not " +
                      std::to_string(kBatch * (kImage + 1)));
  }
  for (std::size_t n = 0; n < count; ++n) {
    const auto record = batch.subspan(n * (kImage + 1), kImage + 1);
    if (record[0] > 9)
      throw FormatError(what + " has the label " + std::to_string(record[0]) + "; there are 10 classes");
    set.labels.push_back(record[0]);
    set.images.insert(set.images.end(), record.begin() + 1, record.end());
  }
}

/// Tile k of a sheet, planar, at `out`.
void copy_tile(const Image& sheet, std::size_t k, std::uint8_t* out) {
  const std::size_t left = k % kColumns * kSide, top = k / kColumns * kSide;
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t y = 0; y < kSide; ++y) {
      for (std::size_t x = 0; x < kSide; ++x) *out++ = sheet.at(top + y, left + x, c);
    }
  }
}

Image read_sheet(const fs::path& folder, bool train, std::size_t number) {
  const fs::path path = folder / fmt::format("{}_sheet_{:02}.webp", train ? "train" : "test", number);
  std::error_code ec;
  if (!fs::exists(path, ec)) throw_missing("cifar-10", train ? "training images" : "test images", path);
  Image sheet = read_image(path);
  if (sheet.channels != 3 || sheet.height != kRows * kSide || sheet.width != kColumns * kSide) {
    throw FormatError(path.string() + " is not a sheet of 40 x 25 colour tiles of 32 x 32 pixels");
  }
  return sheet;
}

std::vector<std::uint8_t> read_sheet_labels(const fs::path& folder, bool train) {
  const fs::path path = folder / (train ? "train_labels.u8" : "test_labels.u8");
  auto labels = read_file(path, std::size_t{1} << 20);
  const std::size_t wanted = train ? 5 * kBatch : kBatch;
  if (labels.size() != wanted || std::any_of(labels.begin(), labels.end(), [](std::uint8_t l) { return l > 9; })) {
    throw FormatError(path.string() + " is not " + std::to_string(wanted) + " labels of 0 to 9, one byte each");
  }
  return labels;
}

/// Records `first` to `first + count` of the split, in the official layout.
std::vector<std::uint8_t> records_from_sheets(const fs::path& folder, bool train, std::size_t first,
                                              std::size_t count) {
  const auto labels = read_sheet_labels(folder, train);
  std::vector<std::uint8_t> records(count * (kImage + 1));
  Image sheet;
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t index = first + n;
    if (n == 0 || index % kSheet == 0) sheet = read_sheet(folder, train, index / kSheet);
    std::uint8_t* record = records.data() + n * (kImage + 1);
    *record = labels[index];
    copy_tile(sheet, index % kSheet, record + 1);
  }
  return records;
}

/// Adds at most `count` records of one batch.
void load_batch(Dataset& set, const fs::path& folder, const fs::path& binary, std::size_t batch, std::size_t count) {
  const bool train = batch != kTestBatch;
  if (binary.empty()) {
    auto records = records_from_sheets(folder, train, train ? batch * kBatch : 0, count);
    records.resize(kBatch * (kImage + 1));
    append_records(set, records, folder.string(), count);
    return;
  }
  const fs::path path = binary / (train ? "data_batch_" + std::to_string(batch + 1) + ".bin" : "test_batch.bin");
  std::error_code ec;
  if (!fs::exists(path, ec)) throw_missing("cifar-10", train ? "training images" : "test images", path);
  append_records(set, read_file(path, std::size_t{1} << 26), path.string(), count);
}

}  // namespace

std::vector<std::string> cifar10_classes() {
  return {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
}

fs::path cifar10_binary_folder(const fs::path& folder) {
  std::error_code ec;
  for (const fs::path& at : {folder, folder / "cifar-10-batches-bin"}) {
    if (fs::exists(at / "test_batch.bin", ec) || fs::exists(at / "data_batch_1.bin", ec)) return at;
  }
  return {};
}

std::vector<std::uint8_t> cifar10_batch_from_sheets(const fs::path& folder, std::size_t batch) {
  const bool train = batch != kTestBatch;
  return records_from_sheets(folder, train, train ? batch * kBatch : 0, kBatch);
}

Dataset load_cifar10(Split split, const fs::path& folder, std::size_t limit) {
  const fs::path binary = cifar10_binary_folder(folder);
  std::error_code ec;
  if (binary.empty() && !fs::exists(folder / "test_labels.u8", ec)) {
    throw_missing("cifar-10", "images", folder / "test_batch.bin");
  }
  Dataset set;
  set.name = "cifar-10";
  set.classes = cifar10_classes();
  set.channels = 3;
  set.height = set.width = kSide;
  const bool train = split == Split::train;
  const std::size_t total = train ? 5 * kBatch : kBatch;
  const std::size_t wanted = limit == 0 ? total : std::min(limit, total);
  for (std::size_t batch = train ? 0 : kTestBatch; set.labels.size() < wanted; ++batch) {
    load_batch(set, folder, binary, batch, std::min(kBatch, wanted - set.labels.size()));
  }
  set.count = wanted;
  set.available = total;
  return set;
}

}  // namespace obscura::image
