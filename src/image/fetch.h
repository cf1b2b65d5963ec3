#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace obscura::image {

/// What is wanted of fetch_dataset.
struct FetchRequest {
  std::string name;                             ///< a data set's name
  std::filesystem::path from;                   ///< take the files from this folder instead of the network
  std::filesystem::path to;                     ///< the data folder; default_data_dir() if empty
  std::string mirror;                           ///< a base address instead of the official ones (https or file)
  std::function<void(const std::string&)> say;  ///< told in a line what goes on; may be empty
};

/// Puts a data set's files into <to>/<name>/: from its official mirrors with the `curl` program (resumed if broken off,
/// next mirror if one fails), or from a folder of files got elsewhere. Every file is checked by size and SHA-256 before
/// it takes its name, so that what is there is whole; files that are there already are kept. CIFAR-10's archive is
/// unpacked; its lossless sheets are accepted as well. NEU-CLS has no fixed address: only `from`, images checked one by
/// one. Returns the files of the set. Throws UsageError, IoError, FormatError.
std::vector<std::filesystem::path> fetch_dataset(const FetchRequest& request);

enum class FileState { good, missing, altered };
std::string to_string(FileState state);

/// One file of a data set as it was found.
struct CheckedFile {
  std::filesystem::path path;
  FileState state = FileState::missing;
  std::string problem;  ///< empty if good
};

/// What check_dataset found.
struct CheckReport {
  std::string name;
  std::filesystem::path folder;
  std::vector<CheckedFile> files;
  bool complete() const;
};

/// Looks at every file of a data set in <data_dir>/<name>/: size and SHA-256 against the published ones (CIFAR-10
/// sheets by what they unpack to, NEU-CLS by structure, as it has no published sums). Damage is reported, not thrown;
/// throws UsageError for an unknown name.
CheckReport check_dataset(const std::string& name, const std::filesystem::path& data_dir = {});

}  // namespace obscura::image
