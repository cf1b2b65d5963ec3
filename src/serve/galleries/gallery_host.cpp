#include "serve/galleries/gallery_host.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "search/fetch_hint.h"
#include "search/gallery_fetch.h"
#include "search/records.h"
#include "serve/keys/upload.h"

namespace fs = std::filesystem;

namespace obscura::serve {

GalleryView::GalleryView(search::GalleryCard card, search::ScoreTable scores)
    : card_(std::move(card)), scores_(std::move(scores)) {}

GalleryHost::GalleryHost(std::string name, fs::path folder, fs::path state, Writer& writer, ThreadPool& pool,
                         Notes note)
    : name_(std::move(name)),
      folder_(std::move(folder)),
      state_folder_(std::move(state)),
      writer_(writer),
      pool_(pool),
      note_(std::move(note)),
      watched_(search::Gallery::open(folder_)) {
  form_ = watched_.form();
  known_ = watched_.state();
  if (known_.images == 0) throw UsageError(folder_.string() + " is an empty gallery: index pictures first");
}

search::GalleryState GalleryHost::state() {
  const std::lock_guard lock(state_mutex_);
  if (watched_.version() != known_.version) known_ = watched_.state();
  return known_;
}

std::shared_ptr<GalleryView> GalleryHost::view() {
  const auto present = state();
  const std::lock_guard lock(view_mutex_);
  if (view_ && view_->card().gallery.version >= present.version) return view_;
  if (present.images == 0) throw Failure(FailureCode::not_found, "the gallery " + name_ + " is empty now");
  auto gallery = search::Gallery::open(folder_);
  auto read = gallery.state();
  auto vectors = gallery.vectors();
  // Where somebody changes it meanwhile: vectors of one version must not go under the name of another.
  for (auto after = gallery.state(); !(after == read); after = gallery.state()) {
    read = after;
    vectors = gallery.vectors();
  }
  const search::GalleryVersion version{read.id, read.version};
  search::GalleryCard card{gallery.form(), version, search::record_bytes(gallery.form()), vectors.taken,
                           seed_of(version)};
  view_ = std::make_shared<GalleryView>(std::move(card), search::scores_of(gallery, folder_, vectors, pool_, note_));
  return view_;
}

/// The same in every run: what owners have of a version stays good.
ring::Seed GalleryHost::seed_of(const search::GalleryVersion& version) {
  ring::Seed seed = ring::random_seed();
  writer_.run([&](store::Database& database) {
    auto find = database.prepare("SELECT seed FROM hints WHERE gallery = ? AND version = ?");
    if (find.bind(1, version.id).bind(2, version.version).step()) {
      const auto kept = find.blob(0);
      if (kept.size() != seed.size()) throw FormatError("the state's record of a hint is damaged");
      std::ranges::copy(kept, seed.begin());
      return;
    }
    database.prepare("INSERT INTO hints VALUES (?, ?, ?, '')")
        .bind(1, version.id)
        .bind(2, version.version)
        .bind(3, std::span<const std::uint8_t>(seed))
        .run();
  });
  return seed;
}

const search::FetchTable& GalleryHost::records(GalleryView& view) {
  const std::lock_guard lock(view.mutex_);
  if (view.records_) return *view.records_;
  auto gallery = search::Gallery::open(folder_);
  const auto& card = view.card();
  auto table = search::fetch_table_of(gallery, card.shape(), card.taken);
  if (gallery.state().version != card.gallery.version) {
    throw Failure(FailureCode::bad_request, "the gallery " + name_ + " has changed: ask again with its new card");
  }
  view.records_ = std::make_unique<search::FetchTable>(std::move(table));
  return *view.records_;
}

fs::path GalleryHost::hint_file(const search::GalleryVersion& version) const {
  return state_folder_ / "hints" / (version.id + "-" + std::to_string(version.version));
}

StaticFile GalleryHost::hint(GalleryView& view) {
  const auto& card = view.card();
  {
    const std::lock_guard lock(view.mutex_);
    if (view.hint_) return *view.hint_;
  }
  const fs::path file = hint_file(card.gallery);
  std::string hash;
  writer_.run([&](store::Database& database) {
    auto find = database.prepare("SELECT hash FROM hints WHERE gallery = ? AND version = ?");
    if (find.bind(1, card.gallery.id).bind(2, card.gallery.version).step()) hash = find.text(0);
  });
  if (hash.empty() || !fs::exists(file) || hash_text(read_file(file)) != hash) {
    const auto bytes = search::write_hint(card.gallery, search::make_hint(records(view), card.hint_seed, pool_));
    fs::create_directories(file.parent_path());
    write_file(file, bytes);
    hash = hash_text(bytes);
    writer_.run([&](store::Database& database) {
      database.prepare("UPDATE hints SET hash = ? WHERE gallery = ? AND version = ?")
          .bind(1, hash)
          .bind(2, card.gallery.id)
          .bind(3, card.gallery.version)
          .run();
    });
  }
  const std::lock_guard lock(view.mutex_);
  view.hint_ = StaticFile{file, hash};
  return *view.hint_;
}

}  // namespace obscura::serve
