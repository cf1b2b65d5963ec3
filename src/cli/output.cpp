#include "cli/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/error.h"
#include "base/place.h"
#include "cli/console.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

[[noreturn]] void refuse(const fs::path& file, const std::string& why) {
  throw IoError("cannot write " + file.string() + ": " + why);
}

/// One place on disk, also where there is no file yet; hard links and links lead to one.
bool is_same_file(const fs::path& a, const fs::path& b) {
  std::error_code ec;
  if (fs::equivalent(a, b, ec)) return true;
  std::error_code of_a, of_b;
  const auto whole_a = fs::weakly_canonical(fs::absolute(a, ec), of_a);
  const auto whole_b = fs::weakly_canonical(fs::absolute(b, ec), of_b);
  return !of_a && !of_b && whole_a == whole_b;
}

/// Something is there that would be lost.
bool holds_something(const fs::path& file) {
  std::error_code ec;
  const auto status = fs::status(file, ec);
  return fs::is_regular_file(status) && fs::file_size(file, ec) > 0;
}

void check_kind(const Output& output, bool force) {
  if (!holds_something(output.file)) return;
  const study::FileKind there = study::kind_of(output.file);
  const bool renewed = force && there == output.kind;
  const bool named = output.file.filename() == "secret.key" && output.kind != study::FileKind::secret_key;
  if ((study::is_secret(there) && !renewed) || named) {
    refuse(output.file, fmt::format("it is {}, and what was made with it would be lost: name another file",
                                    named ? study::kind_text(study::FileKind::secret_key) : study::kind_text(there)));
  }
  // Those two are gone on with, not replaced, and whoever reads them refuses what is none.
  const bool continued = output.kind == study::FileKind::journal || output.kind == study::FileKind::checkpoint;
  if (there == output.kind || force || continued) return;
  refuse(output.file, fmt::format("it is {}, and {} would replace it: name another file, or replace it by --force",
                                  study::kind_text(there), study::kind_text(output.kind)));
}

}  // namespace

void check_outputs(const std::vector<Output>& outputs, const std::vector<fs::path>& inputs, bool force) {
  std::vector<fs::path> before;
  for (const Output& output : outputs) {
    if (output.file.empty()) continue;
    check_place(output.file);
    std::error_code ec;
    if (fs::is_other(fs::status(output.file, ec))) continue;  // a device may be named twice
    for (const fs::path& input : inputs) {
      if (!input.empty() && is_same_file(output.file, input)) {
        const std::string also = output.file == input ? "" : fmt::format(" ({})", input.string());
        refuse(output.file, fmt::format("it is an input of this command{}: name another file", also));
      }
    }
    for (const fs::path& other : before) {
      if (is_same_file(output.file, other)) {
        refuse(output.file, "this command would write it twice: name another file for one of them");
      }
    }
    check_kind(output, force);
    before.push_back(output.file);
  }
}

std::vector<fs::path> key_files(const fs::path& folder) {
  return {folder / "secret.key", folder / "client.spec", folder / "evaluation.key"};
}

void note_other_files(const fs::path& folder, const std::vector<fs::path>& ours) {
  std::error_code ec;
  bool any = false;
  for (const auto& entry : fs::directory_iterator(folder, ec)) {
    any = true;
    if (std::find(ours.begin(), ours.end(), entry.path().filename()) != ours.end()) return;
  }
  if (any) note(folder.string() + " holds other files already: what is written goes between them");
}

}  // namespace obscura::cli
