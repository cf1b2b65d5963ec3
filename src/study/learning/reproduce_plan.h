#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/notes.h"

/// What `reproduce` is going to train and to measure.
namespace obscura::study {

struct ReproduceOptions {
  std::string subject = "cryptondl";  ///< cryptondl, own, chunked, rcnn, er-cnn or color-neuracrypt
  bool also_own = false;
  bool quick = false;
  bool fresh = false;
  std::filesystem::path data, models, out = "reproduce";
  std::string mode = "both";  ///< packed, batched, both
  std::size_t threads = 0;
  std::size_t images = 0;  ///< of packed runs of own networks, of all runs of chunked, queries of rcnn; 0: as planned
  std::size_t epochs = 0;  ///< of learnable protection, chunked and rcnn; 0: as planned
  std::string device = "cpu";     ///< of learnable protection's trainings
  std::size_t limit = 0;          ///< training images of learnable protection's rows, at most; 0: as planned
  std::size_t test_limit = 0;     ///< the same of test images
  std::filesystem::path journal;  ///< finished rows of learnable protection; empty: rows.jsonl in `out`
  std::filesystem::path page;     ///< what the journal says goes there as Markdown, and nothing is measured
  std::vector<std::string> only;  ///< keys of rows; empty: all
  std::string dataset;            ///< instead of every row's own
  std::string command;            ///< that repeats it, for the report
  std::filesystem::path program;  ///< `obscura`: runs verbs in processes of their own (child.h)
  Notes note;
};

/// One call of `obscura evaluate`.
struct RunPlan {
  std::string mode;
  std::size_t threads = 0;
  std::size_t limit = 0;
  std::size_t together = 0;
};

/// One network on one data set.
struct RowPlan {
  std::string key, title, model, dataset;
  bool other_data = false;         ///< see report::ReportRow
  bool trainable = true;           ///< with a recipe that takes minutes; else only what is there is measured
  std::vector<std::string> files;  ///< names of the trained network, best first; the first is what training makes
  std::optional<RunPlan> whole, single;
};

/// Throws UsageError for a subject or row that there is not.
std::vector<RowPlan> reproduce_plan(const ReproduceOptions& options);

/// The keys of all rows, for help and messages.
std::vector<std::string> reproduce_keys(const ReproduceOptions& options);

}  // namespace obscura::study
