#pragma once

#include <filesystem>
#include <vector>

#include "study/file_kind.h"

/// What a verb writes must not cost what was there before. Every verb that writes files asks here before it begins.
namespace obscura::cli {

struct Output {
  std::filesystem::path file;
  study::FileKind kind;
};

/// Throws IoError, saying which and why, unless all outputs may be written; empty paths are left out. Never:
///  - where there is no folder for it, or a folder of that name;
///  - over one of `inputs`, by whatever name or link it goes, or over another output;
///  - over a secret key or the key of a shield, but for an output that is one, with `force`.
/// With `force` only: over a file that is of another kind than the output. An empty file, a device or a pipe may always
/// be written to.
void check_outputs(const std::vector<Output>& outputs, const std::vector<std::filesystem::path>& inputs, bool force);

/// The files in a folder that keygen made, as inputs.
std::vector<std::filesystem::path> key_files(const std::filesystem::path& folder);

/// A note if results go into a folder with files in it, none of which is called as one of `ours`: they will mix.
void note_other_files(const std::filesystem::path& folder, const std::vector<std::filesystem::path>& ours);

}  // namespace obscura::cli
