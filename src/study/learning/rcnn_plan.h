#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "study/learning/reproduce_plan.h"

/// What `reproduce rcnn` is going to train, to index, to rank and to search.
namespace obscura::study {

inline constexpr const char* kRcnn = "rcnn";

/// How many pictures a run takes; 0: all.
struct RcnnSizes {
  std::size_t gallery = 0;   ///< training pictures that are indexed
  std::size_t queries = 0;   ///< test pictures that are looked for
  std::size_t tests = 0;     ///< test pictures that are classified
  std::size_t training = 0;  ///< pictures to train on
  std::size_t epochs = 0;    ///< of the paper's network; 0: its own
  std::size_t shown = 0;     ///< test pictures whose finds are shown
};
RcnnSizes rcnn_sizes(const ReproduceOptions& options);

/// The data set of gallery and queries.
std::string rcnn_dataset(const ReproduceOptions& options);

/// One way to index the gallery.
struct RcnnGalleryPlan {
  std::string key, title;
  std::string network;             ///< rcnn or embed
  std::vector<std::string> words;  ///< options of `index`
};

/// One way to rank a gallery; or, with a mode, to search it.
struct RcnnRowPlan {
  std::string key, title;
  std::string gallery;  ///< key; empty: rankings by bits that no gallery holds (rcnn/feature_study.h)
  std::string measure =
      {};                 ///< then which of these: bits_all or bits_random; else a distance; empty: the gallery's own
  std::string mode = {};  ///< of searches: trusted, blind-features, blind; empty: rankings are measured
  bool shown = false;     ///< what is found is shown
  std::size_t searches = 0;  ///< at most; 0: as many as are shown
};

std::vector<std::string> rcnn_keys();

/// Throws UsageError for a row that there is not.
std::vector<RcnnRowPlan> rcnn_plan(const ReproduceOptions& options);

/// The galleries of those rows, each once.
std::vector<RcnnGalleryPlan> rcnn_galleries(const std::vector<RcnnRowPlan>& rows);

}  // namespace obscura::study
