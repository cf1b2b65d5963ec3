#include "study/evaluate/run_journal.h"

#include <algorithm>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "base/error.h"
#include "base/file.h"
#include "base/notes.h"
#include "base/out_of_memory.h"
#include "image/digest.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

constexpr std::size_t kSumDigits = 16;

std::string checksum(std::string_view text) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  return image::sha256(std::span(bytes, text.size())).substr(0, kSumDigits);
}

std::string line_of(const nlohmann::ordered_json& json) {
  const std::string text = json.dump();
  return fmt::format("{} {}\n", checksum(text), text);
}

/// The object of a whole line; nothing if it is damaged.
std::optional<nlohmann::json> object_of(std::string_view line) {
  if (line.size() <= kSumDigits + 1 || line[kSumDigits] != ' ') return std::nullopt;
  const std::string_view text = line.substr(kSumDigits + 1);
  if (checksum(text) != line.substr(0, kSumDigits)) return std::nullopt;
  return nlohmann::json::parse(text);
}

[[noreturn]] void fail(const fs::path& file) {
  throw IoError("cannot write " + file.string() + ": " + std::generic_category().message(errno));
}

/// Adds to a file, and returns when the disk has it.
void append(const fs::path& file, std::string_view text) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd < 0) fail(file);
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      ::close(fd);
      fail(file);
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  const bool synced = ::fsync(fd) == 0;
  if (::close(fd) != 0 || !synced) fail(file);
}

void require_same(const fs::path& file, const nlohmann::json& found, const nlohmann::ordered_json& wanted) {
  for (const auto& [key, value] : wanted.items()) {
    if (found.is_object() && found.contains(key) && found[key] == nlohmann::json(value)) continue;
    throw MismatchError(fmt::format("{} is of another run ({} differs): delete it, or name another file with --resume",
                                    file.string(), key));
  }
}

EncryptedRun::Steps minus(const EncryptedRun::Steps& a, const EncryptedRun::Steps& b) {
  return {a.encrypt - b.encrypt, a.expand - b.expand, a.evaluate - b.evaluate, a.decrypt - b.decrypt,
          a.total - b.total};
}

EncryptedRun::Steps plus(const EncryptedRun::Steps& a, const EncryptedRun::Steps& b) {
  return {a.encrypt + b.encrypt, a.expand + b.expand, a.evaluate + b.evaluate, a.decrypt + b.decrypt,
          a.total + b.total};
}

}  // namespace

RunJournal::RunJournal(fs::path file, const nlohmann::ordered_json& identity, std::size_t images)
    : file_(std::move(file)), images_(images) {
  std::error_code ec;
  if (!fs::exists(file_, ec)) {
    write_file(file_, line_of(identity));
    return;
  }
  const auto bytes = read_file(file_);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::size_t good = 0;
  for (std::size_t end = 0; (end = text.find('\n', good)) != std::string_view::npos; good = end + 1) {
    const auto object = object_of(text.substr(good, end - good));
    if (!object) break;
    if (good == 0) {
      require_same(file_, *object, identity);
    } else {
      take(*object);
    }
  }
  if (good == 0) throw FormatError(file_.string() + " is not the journal of a run: name another file with --resume");
  fs::resize_file(file_, good);
}

void RunJournal::take(const nlohmann::json& batch) {
  try {
    const auto& logits = batch.at("logits");
    if (batch.at("first") != done_ || done_ + logits.size() > images_) throw FormatError("its batches do not follow");
    for (const auto& row : logits) earlier_.logits.push_back(row.get<std::vector<double>>());
    for (const auto& spent : batch.at("query_seconds")) earlier_.query_seconds.push_back(spent.get<double>());
    const auto& s = batch.at("seconds");
    earlier_.seconds =
        plus(earlier_.seconds, {s.at("encrypt"), s.at("expand"), s.at("evaluate"), s.at("decrypt"), s.at("total")});
    batch.at("upload").get_to(earlier_.upload);
    batch.at("upload_min").get_to(earlier_.upload_min);
    batch.at("upload_max").get_to(earlier_.upload_max);
    batch.at("reply").get_to(earlier_.reply);
    done_ += logits.size();
  } catch (const std::exception& e) {
    if (is_out_of_memory(e)) throw;
    throw FormatError(fmt::format("{} is damaged ({}): delete it", file_.string(), e.what()));
  }
}

void RunJournal::add(const EncryptedRun& so_far, std::size_t first, std::size_t count) {
  const auto at = so_far.logits.begin() + static_cast<std::ptrdiff_t>(first);
  const std::vector<std::vector<double>> logits(at, at + static_cast<std::ptrdiff_t>(count));
  const std::vector<double> queries(so_far.query_seconds.begin() + static_cast<std::ptrdiff_t>(written_queries_),
                                    so_far.query_seconds.end());
  const auto s = minus(so_far.seconds, written_);
  append(file_, line_of({{"first", first},
                         {"logits", logits},
                         {"query_seconds", queries},
                         {"seconds",
                          {{"encrypt", s.encrypt},
                           {"expand", s.expand},
                           {"evaluate", s.evaluate},
                           {"decrypt", s.decrypt},
                           {"total", s.total}}},
                         {"upload", so_far.upload},
                         {"upload_min", so_far.upload_min},
                         {"upload_max", so_far.upload_max},
                         {"reply", so_far.reply}}));
  written_ = so_far.seconds;
  written_queries_ = so_far.query_seconds.size();
}

void RunJournal::complete(EncryptedRun& run) const {
  std::copy(earlier_.logits.begin(), earlier_.logits.end(), run.logits.begin());
  run.query_seconds.insert(run.query_seconds.begin(), earlier_.query_seconds.begin(), earlier_.query_seconds.end());
  run.seconds = plus(earlier_.seconds, run.seconds);
  if (earlier_.upload != 0) {
    run.upload_min = run.upload == 0 ? earlier_.upload_min : std::min(run.upload_min, earlier_.upload_min);
    run.upload_max = std::max(run.upload_max, earlier_.upload_max);
    run.upload = earlier_.upload;
  }
  if (run.reply == 0) run.reply = earlier_.reply;
}

EncryptedRun run_with_journal(const fs::path& journal, const nlohmann::ordered_json& identity, std::size_t stop_after,
                              const nn::Graph& graph, const compile::CompileOptions& options,
                              const std::vector<std::vector<float>>& images, ThreadPool& pool, std::size_t together,
                              const Notes& note) {
  if (journal.empty()) return run_encrypted(graph, options, images, pool, true, together);
  RunJournal kept(journal, identity, images.size());
  if (kept.done() > 0)
    note(fmt::format("continuing {} after {} of {} images", journal.string(), kept.done(), images.size()));
  RunSteps steps;
  steps.first = kept.done();
  steps.on_batch = [&](const EncryptedRun& so_far, std::size_t first, std::size_t count) {
    kept.add(so_far, first, count);
    if (stop_after == 0 || first + count < stop_after || first + count == images.size()) return;
    throw Error(fmt::format("stopped after {} of {} images: the same command continues", first + count, images.size()));
  };
  EncryptedRun run = run_encrypted(graph, options, images, pool, true, together, steps);
  kept.complete(run);
  return run;
}

}  // namespace obscura::study
