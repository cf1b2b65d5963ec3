#include "study/learning/training_run.h"

#include <fmt/format.h>

#include "base/error.h"
#include "train/blas.h"

namespace obscura::study {

std::filesystem::path beside(const std::filesystem::path& out, const char* ending) {
  auto path = out;
  return path.replace_extension(ending);
}

train::RunOptions run_options(const TrainingRun& run, std::size_t total) {
  train::RunOptions options;
  options.seed = run.seed;
  options.threads = run.threads;
  options.checkpoint = beside(run.out, ".checkpoint");
  options.progress = !run.quiet;
  if (run.quiet) return options;
  options.on_epoch = [total, progress = run.progress](const train::EpochResult& e) {
    const std::string validation =
        e.validated == 0 ? "" : fmt::format("  validation {:.2f} %", 100 * e.validation_accuracy);
    progress(fmt::format("epoch {:>3}/{}  loss {:.4f}  train {:.2f} %{}  {:.1f} s, {:.0f} images/s", e.epoch, total,
                         e.train_loss, 100 * e.train_accuracy, validation, e.seconds, e.images_per_second));
  };
  options.on_note = [progress = run.progress](const std::string& line) { progress(line); };
  return options;
}

void say_notes(const TrainingRun& run, const std::vector<std::string>& notes) {
  for (const std::string& line : notes) {
    if (!run.quiet) run.note(line);
  }
}

void warn_of_slow_blas(const TrainingRun& run, double gflops) {
  if (run.quiet || gflops >= train::kSlowGemmGflops) return;
  run.progress(fmt::format(
      "warning: matrix products run at {:.0f} GFLOPS, so training will be slow: install libopenblas0-pthread", gflops));
}

void check_network_name(const std::filesystem::path& out) {
  if (out.extension() == ".safetensors") return;
  throw UsageError("a network for pictures is written as a .safetensors file: name it so, not " + out.string());
}

}  // namespace obscura::study
