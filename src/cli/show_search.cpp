#include "cli/show_search.h"

#include <fmt/format.h>

#include "base/error.h"
#include "cli/output.h"
#include "image/image.h"
#include "report/text.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

std::vector<fs::path> files_of(const fs::path& folder, std::size_t top) {
  if (folder.empty()) return {};
  std::vector<fs::path> files = {folder / "sheet.png"};
  for (std::size_t i = 1; i <= top; ++i) files.push_back(folder / fmt::format("{}.png", i));
  return files;
}

}  // namespace

void check_found(const fs::path& folder, std::size_t top, const std::vector<fs::path>& inputs, bool force) {
  if (folder.empty()) return;
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (!fs::is_directory(folder)) throw IoError("cannot make the folder " + folder.string() + " for what is found");
  std::vector<Output> outputs;
  for (const auto& file : files_of(folder, top)) outputs.push_back({file, study::FileKind::png});
  check_outputs(outputs, inputs, force);
}

void write_found(const fs::path& folder, const study::SearchResult& result) {
  const auto files = files_of(folder, result.hits.size());
  if (files.empty()) return;
  image::write_png(files[0], study::search_sheet(result));
  for (std::size_t i = 0; i < result.hits.size(); ++i) image::write_png(files[i + 1], result.hits[i].image.thumbnail);
}

void show_search(const study::SearchResult& result, const fs::path& folder) {
  using report::bytes_text;
  fmt::print("nearest of {} images, by {}\n", result.images,
             result.distance == search::Distance::hamming ? "the Hamming distance of codes" : "the cosine of vectors");
  for (std::size_t i = 0; i < result.hits.size(); ++i) {
    const auto& hit = result.hits[i];
    fmt::print("  {:>2}  distance {:.4f}  {:<14} {} (place {})\n", i + 1, hit.distance,
               hit.class_name.empty() ? "-" : hit.class_name, hit.image.name, hit.place);
  }
  for (std::size_t i = 0; i < result.steps.size(); ++i) {
    const auto& step = result.steps[i];
    fmt::print("step {:>2}  {} {}{}\n         can be read: {}\n", i + 1, step.side, step.what,
               step.seconds > 0 ? fmt::format(" ({:.2f} ms)", 1e3 * step.seconds) : "", step.readable);
  }
  fmt::print("the server saw\n");
  for (const std::string& line : result.server_saw) fmt::print("  {}\n", line);
  fmt::print("query    {} up, {} back", bytes_text(result.bytes.query), bytes_text(result.bytes.reply));
  if (result.bytes.keys > 0) fmt::print("; keys {}, once", bytes_text(result.bytes.keys));
  fmt::print("\nimages   {} in all", bytes_text(result.bytes.fetch));
  if (result.bytes.hint > 0) fmt::print("; hint {}, once", bytes_text(result.bytes.hint));
  fmt::print(
      "\ntime     {:.0f} ms at the client, {:.0f} ms at the server; {:.1f} s to make gallery, keys and hint ready\n",
      1e3 * result.seconds.client, 1e3 * result.seconds.server, result.seconds.prepare);
  if (!folder.empty()) fmt::print("pictures {}\n", (folder / "sheet.png").string());
}

}  // namespace obscura::cli
