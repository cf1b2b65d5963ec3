#include "cli/training_output.h"

#include <fmt/format.h>

#include "cli/support.h"
#include "train/choosing.h"

namespace obscura::cli {

std::filesystem::path beside(const std::filesystem::path& out, const char* ending) {
  auto path = out;
  return path.replace_extension(ending);
}

train::RunOptions run_options(const std::filesystem::path& out, std::uint64_t seed, std::size_t threads,
                              std::size_t total, bool quiet) {
  train::RunOptions options;
  options.seed = seed;
  options.threads = threads;
  options.checkpoint = beside(out, ".checkpoint");
  options.progress = !quiet;
  if (quiet) return options;
  options.on_epoch = [total](const train::EpochResult& e) {
    const std::string validation =
        e.validated == 0 ? "" : fmt::format("  validation {:.2f} %", 100 * e.validation_accuracy);
    fmt::print(stderr, "epoch {:>3}/{}  loss {:.4f}  train {:.2f} %{}  {:.1f} s, {:.0f} images/s\n", e.epoch, total,
               e.train_loss, 100 * e.train_accuracy, validation, e.seconds, e.images_per_second);
  };
  options.on_note = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  return options;
}

void say_notes(const std::vector<std::string>& notes, bool quiet) {
  for (const std::string& line : notes) {
    if (!quiet) note(line);
  }
}

std::string result_text(const std::filesystem::path& out, const train::TrainResult& result,
                        const std::vector<std::string>& classes, const std::string& what) {
  return fmt::format("{}: {}\n  {}\n{}", out.string(), train::accuracy_text(result.test, "test " + what),
                     train::choice_text(result.choice, result.epochs), train::class_table(result.test, classes));
}

}  // namespace obscura::cli
