#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace obscura::image {

/// Notes of many files, each said once: "a.png: its transparency is laid on white", or "a.png and 11 more files: ...".
/// Thread-safe.
class NoteTally {
 public:
  void add(const std::filesystem::path& file, const std::vector<std::string>& notes) {
    const std::scoped_lock lock(mutex_);
    for (const std::string& text : notes) {
      auto at = std::ranges::find(entries_, text, &Entry::text);
      if (at == entries_.end()) at = entries_.insert(at, {text, {}});
      at->files.insert(file);
    }
  }

  /// In order of the files that are named.
  std::vector<std::string> lines() const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> out;
    for (const Entry& e : entries_) {
      const std::size_t n = e.files.size() - 1;
      const std::string more = n == 0 ? "" : " and " + std::to_string(n) + " more file" + (n == 1 ? "" : "s");
      out.push_back(e.files.begin()->string() + more + ": " + e.text);
    }
    std::sort(out.begin(), out.end());
    return out;
  }

 private:
  struct Entry {
    std::string text;
    std::set<std::filesystem::path> files;  ///< a file may be read twice
  };
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace obscura::image
