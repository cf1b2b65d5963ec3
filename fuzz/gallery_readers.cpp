// What needs a ring of full size, or files: far fewer tries a second than the rest.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "fuzz/readers.h"
#include "fuzz/samples.h"
#include "fuzz/work_folder.h"
#include "search/gallery.h"
#include "search/messages.h"
#include "search/owner/score_owner.h"

namespace obscura::fuzz {
namespace {

constexpr unsigned kErrors = kFormat | kMismatch | kParameter;

search::GalleryVersion version() {
  return {"00112233445566778899aabbccddeeff", 7};
}

/// Scores as somebody who asked would get them: an encryption of numbers below one, cut down to a reply.
search::GalleryAnswer scores_of(const search::ScoreOwner& owner) {
  const auto& plan = owner.plan();
  const auto& context = *owner.context();
  const ckks::Encoder encoder(owner.context());
  const ckks::SecretEncryptor encryptor(owner.key());
  const std::vector<double> scores(plan.slots(), 0.5);
  const double scale = std::exp2(plan.query_bits + plan.gallery_bits);
  const auto sent = encryptor.encrypt(encoder, scores, scale, 1);
  return {version(), owner.key().id(), {1}, {ckks::compact(context, ckks::expand(context, sent), 1, plan.reply_bits)}};
}

/// Everything that is read of a gallery.
void read_all(const std::filesystem::path& folder) {
  search::Gallery gallery = search::Gallery::open(folder);
  const auto state = gallery.state();
  gallery.vectors();
  gallery.changed_blocks(0, 4);
  for (const auto& entry : gallery.entries()) gallery.image(entry.place);
  static_cast<void>(state);
}

}  // namespace

Reader gallery_scores_reader() {
  const auto owner = std::make_shared<const search::ScoreOwner>(
      search::plan_scores(search::VectorKind::unit, 4),
      ckks::SecretKey(ckks::Context::create(search::plan_scores(search::VectorKind::unit, 4).parameters),
                      ring::Seed{5}));
  const Bytes seed = search::write_gallery_answer(*owner->context(), scores_of(*owner));
  const auto rewrite = [owner](ByteSpan in) -> std::optional<Bytes> {
    const auto read = search::read_gallery_answer(*owner->context(), version(), in, "input");
    owner->read(read.scores, 3);
    return search::write_gallery_answer(*owner->context(), read);
  };
  return {"gallery_scores",           {seed},           rewrite, kErrors, Seal::envelope,
          {64, std::size_t{1} << 20}, seed.size() + 64, 200};
}

Reader gallery_file_reader() {
  const auto folder = std::make_shared<const WorkFolder>();
  const search::GalleryForm form{search::VectorKind::unit, 2, 12, "ab12", "output", "drawn", {"cat", "dog"}};
  {
    search::Gallery gallery = search::Gallery::create(folder->path(), form);
    const std::vector<search::GalleryImage> images{{"a.png", 1, {1, 0}, {1, 2, 0, 1, 0, 50, 60}},
                                                   {"b.png", 0, {0, 1}, {1, 1, 0, 1, 0, 50}}};
    gallery.add(images);
  }
  const auto file = search::gallery_file(folder->path());
  const Bytes seed = read_file(file);
  const auto rewrite = [folder, file](ByteSpan in) -> std::optional<Bytes> {
    folder->clear();
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(in.data()), static_cast<std::streamsize>(in.size()));
    read_all(folder->path());
    return nothing();
  };
  return {"gallery_file",     {seed}, rewrite, kErrors | kIo | kUnsupported, Seal::none, {64, std::size_t{8} << 20},
          seed.size() + 4096, 200};
}

}  // namespace obscura::fuzz
