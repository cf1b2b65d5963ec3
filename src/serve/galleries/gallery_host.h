#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "base/notes.h"
#include "base/parallel.h"
#include "search/fetch_table.h"
#include "search/gallery.h"
#include "search/messages.h"
#include "search/score_table.h"
#include "serve/service.h"
#include "serve/state/writer.h"

namespace obscura::serve {

/// One version of a gallery, made ready. Immutable but for what is made at its first use. Thread-safe.
class GalleryView {
 public:
  GalleryView(search::GalleryCard card, search::ScoreTable scores);

  const search::GalleryCard& card() const { return card_; }
  const search::ScoreTable& scores() const { return scores_; }

 private:
  friend class GalleryHost;
  search::GalleryCard card_;
  search::ScoreTable scores_;
  std::mutex mutex_;  ///< of what follows
  std::unique_ptr<search::FetchTable> records_;
  std::optional<StaticFile> hint_;
};

/// A gallery as it is served: always its present version, also where `obscura index` changes it meanwhile. Thread-safe.
/// Throws as galleries do, and Failure.
class GalleryHost {
 public:
  GalleryHost(std::string name, std::filesystem::path folder, std::filesystem::path state, Writer& writer,
              ThreadPool& pool, Notes note);

  const std::string& name() const { return name_; }
  const std::filesystem::path& folder() const { return folder_; }
  const search::GalleryForm& form() const { return form_; }
  /// Microseconds, but where it has changed.
  search::GalleryState state();

  /// Of the present version: seconds where it is new.
  std::shared_ptr<GalleryView> view();
  /// The records of a version; seconds at the first call.
  const search::FetchTable& records(GalleryView& view);
  /// Its hint, from the state's folder or made; seconds at the first call.
  StaticFile hint(GalleryView& view);

 private:
  ring::Seed seed_of(const search::GalleryVersion& version);
  std::filesystem::path hint_file(const search::GalleryVersion& version) const;

  std::string name_;
  std::filesystem::path folder_, state_folder_;
  Writer& writer_;
  ThreadPool& pool_;
  Notes note_;
  search::GalleryForm form_;
  std::mutex state_mutex_;
  search::Gallery watched_;  ///< for its state alone
  search::GalleryState known_;
  std::mutex view_mutex_;
  std::shared_ptr<GalleryView> view_;
};

}  // namespace obscura::serve
