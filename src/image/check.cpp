// Is a data set on disk what its makers published?
#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "image/catalog.h"
#include "image/dataset.h"
#include "image/digest.h"
#include "image/fetch.h"
#include "image/loaders.h"

namespace fs = std::filesystem;

namespace obscura::image {
namespace {

CheckedFile altered(const fs::path& path, const std::string& problem) {
  return {path, FileState::altered, problem};
}

CheckedFile check_bytes(const fs::path& path, const std::vector<std::uint8_t>& bytes, const CatalogFile& file) {
  if (bytes.size() != file.bytes) {
    return altered(path, std::to_string(bytes.size()) + " bytes instead of " + std::to_string(file.bytes));
  }
  if (sha256(bytes) != file.sha256) return altered(path, "wrong SHA-256 checksum");
  return {path, FileState::good, ""};
}

CheckedFile check_file(const fs::path& path, const CatalogFile& file) {
  std::error_code ec;
  if (!fs::exists(path, ec)) return {path, FileState::missing, "missing"};
  const auto size = fs::file_size(path, ec);
  if (!ec && size != file.bytes) {
    return altered(path, std::to_string(size) + " bytes instead of " + std::to_string(file.bytes));
  }
  try {
    return check_bytes(path, read_file(path), file);
  } catch (const Error& e) {
    return altered(path, e.what());
  }
}

/// A sheet layout is judged by the official batches that it unpacks to.
CheckedFile check_sheets(const fs::path& folder, std::size_t batch, const CatalogFile& file) {
  const fs::path path = folder / (file.name + " (from sheets)");
  try {
    return check_bytes(path, cifar10_batch_from_sheets(folder, batch), file);
  } catch (const IoError& e) {
    return {path, FileState::missing, e.what()};
  } catch (const Error& e) {
    return altered(path, e.what());
  }
}

CheckedFile check_neu_image(const fs::path& path) {
  try {
    const Image image = read_image(path);
    if (image.height == 200 && image.width == 200) return {path, FileState::good, ""};
    return altered(path, std::to_string(image.width) + "x" + std::to_string(image.height) + " pixels, not 200x200");
  } catch (const Error& e) {
    return altered(path, e.what());
  }
}

void check_neu(CheckReport& report) {
  try {
    for (const auto& list : find_neu_images(report.folder)) {
      for (const fs::path& path : list) report.files.push_back(check_neu_image(path));
    }
  } catch (const IoError& e) {
    report.files.push_back({report.folder, FileState::missing, e.what()});
  }
}

}  // namespace

std::string to_string(FileState state) {
  switch (state) {
    case FileState::good:
      return "good";
    case FileState::missing:
      return "missing";
    default:
      return "altered";
  }
}

bool CheckReport::complete() const {
  return !files.empty() &&
         std::all_of(files.begin(), files.end(), [](const CheckedFile& f) { return f.state == FileState::good; });
}

CheckReport check_dataset(const std::string& name, const fs::path& data_dir) {
  const CatalogEntry& entry = catalog_entry(name);
  CheckReport report;
  report.name = name;
  report.folder = find_data_dir(data_dir, name) / name;
  if (name == "neu-cls") {
    check_neu(report);
    return report;
  }
  std::error_code ec;
  const fs::path binary = name == "cifar-10" ? cifar10_binary_folder(report.folder) : report.folder;
  const bool sheets = binary.empty() && fs::exists(report.folder / "test_labels.u8", ec);
  for (std::size_t i = 0; i < entry.files.size(); ++i) {
    const fs::path folder = binary.empty() ? report.folder : binary;
    report.files.push_back(sheets ? check_sheets(report.folder, i, entry.files[i])
                                  : check_file(folder / entry.files[i].name, entry.files[i]));
  }
  return report;
}

}  // namespace obscura::image
