#include "cli/training_output.h"

#include <fmt/format.h>

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
    fmt::print(stderr, "epoch {:>3}/{}  loss {:.4f}  train {:.2f} %  test {:.2f} %  {:.1f} s, {:.0f} images/s\n",
               e.epoch, total, e.train_loss, 100 * e.train_accuracy, 100 * e.test_accuracy, e.seconds,
               e.images_per_second);
  };
  options.on_note = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  return options;
}

}  // namespace obscura::cli
