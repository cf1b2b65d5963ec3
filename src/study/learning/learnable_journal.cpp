#include "study/learning/learnable_journal.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMaxJournalBytes = std::size_t{1} << 26;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    if (end > from) lines.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return lines;
}

/// All of it, ending with a whole line; empty where there is no file.
std::string text_of(const fs::path& file) {
  std::error_code ec;
  if (!fs::exists(file, ec)) return "";
  const auto bytes = read_file(file, kMaxJournalBytes);
  std::string text(bytes.begin(), bytes.end());
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

/// What a page needs: not each class and each confusion, and no path of the machine that it was measured on.
report::LearnableRow small(report::LearnableRow row) {
  if (row.train.is_object() && row.train.contains("test") && row.train["test"].is_object()) {
    row.train["test"].erase("classes");
    row.train["test"].erase("confusion");
  }
  for (ordered_json* part : {&row.reveal, &row.null, &row.evaluate}) {
    if (!part->is_object()) continue;
    for (const char* path : {"out", "network", "plain"}) part->erase(path);
  }
  return row;
}

}  // namespace

LearnableJournal::LearnableJournal(fs::path file, std::string subject)
    : file_(std::move(file)), subject_(std::move(subject)) {
  std::size_t number = 0;
  for (const auto& line : lines_of(text_of(file_))) {
    ++number;
    const auto refuse = [&](const std::string& why) {
      throw FormatError(fmt::format("line {} of {}: {}", number, file_.string(), why));
    };
    const auto json = ordered_json::parse(line, nullptr, false);
    if (!json.is_object()) refuse("no JSON object");
    const auto of = json.find("subject"), plan = json.find("plan"), quick = json.find("quick");
    const bool whole = of != json.end() && of->is_string() && plan != json.end() && plan->is_string() &&
                       quick != json.end() && quick->is_boolean();
    if (!whole) refuse("it says no subject, plan and quick");
    if (*of != subject_) refuse(fmt::format("it is of {}, not of {}", of->get<std::string>(), subject_));
    try {
      entries_.push_back({report::read_row(json), plan->get<std::string>(), quick->get<bool>()});
    } catch (const Error& e) {
      refuse(e.what());
    }
  }
}

const report::LearnableRow* LearnableJournal::find(const std::string& key, const std::string& plan) const {
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->row.key == key && entry->plan == plan) return &entry->row;
  }
  return nullptr;
}

const report::LearnableRow* LearnableJournal::last(const std::string& key, bool quick) const {
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->row.key == key && entry->quick == quick) return &entry->row;
  }
  return nullptr;
}

void LearnableJournal::add(const report::LearnableRow& row, const std::string& plan, bool quick) {
  const auto kept = small(row);
  ordered_json json = report::row_json(kept);
  json["subject"] = subject_;
  json["plan"] = plan;
  json["quick"] = quick;
  // Another run may have added rows meanwhile.
  const std::string text = text_of(file_) + json.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
  write_file(file_, text);
  entries_.push_back({kept, plan, quick});
}

}  // namespace obscura::study
