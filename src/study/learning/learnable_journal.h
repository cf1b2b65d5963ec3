#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "report/learnable/learnable.h"

namespace obscura::study {

/// Finished rows of `reproduce er-cnn` and its like in a text file, a JSON object a line: small enough to be kept with
/// the project, and taken up by the next run. Nothing in it is a key or a picture.
class LearnableJournal {
 public:
  /// Reads the file; none is an empty one. Throws FormatError that names the line which is no such row, IoError.
  LearnableJournal(std::filesystem::path file, std::string subject);

  /// The last row of that key that was measured by a plan of this digest; null if there is none.
  const report::LearnableRow* find(const std::string& key, const std::string& plan) const;
  /// The last row of that key by whatever plan, quick or not; null if there is none.
  const report::LearnableRow* last(const std::string& key, bool quick) const;
  std::size_t size() const { return entries_.size(); }

  /// Adds it to the file as it is by then, which is whole at any time: runs of other rows may share it, if they do not
  /// add at the very same moment. Tables of classes and paths are left out. Throws IoError.
  void add(const report::LearnableRow& row, const std::string& plan, bool quick);

 private:
  struct Entry {
    report::LearnableRow row;
    std::string plan;
    bool quick = false;
  };

  std::filesystem::path file_;
  std::string subject_;
  std::vector<Entry> entries_;
};

}  // namespace obscura::study
