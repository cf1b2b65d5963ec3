#include "study/search/encrypted.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/error.h"
#include "base/stopwatch.h"
#include "ckks/wire.h"
#include "search/encrypted_folder.h"
#include "search/encrypted_gallery.h"
#include "search/encrypted_table.h"
#include "search/owner/encrypted_owner.h"
#include "search/owner/encrypted_update.h"
#include "secret/wire.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

std::unique_ptr<search::EncryptedGalleryOwner> owner_of(const fs::path& secret, const search::EncryptedScorePlan& plan,
                                                        const ckks::PassphraseSource& passphrase) {
  const fs::path file = secret / kGalleryKeyFile;
  if (fs::exists(file)) {
    return std::make_unique<search::EncryptedGalleryOwner>(plan, ckks::load_secret_key(file, passphrase));
  }
  throw UsageError(file.string() + " is not there: it is the key that the gallery was encrypted under");
}

std::unique_ptr<search::EncryptedGalleryOwner> new_owner(const fs::path& secret, const search::EncryptedScorePlan& plan,
                                                         const ckks::Sealing& sealing) {
  fs::create_directories(secret);
  auto owner = std::make_unique<search::EncryptedGalleryOwner>(plan);
  ckks::save_secret_key(secret / kGalleryKeyFile, owner->key(), sealing);
  return owner;
}

std::uintmax_t bytes_in(const fs::path& folder) {
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(folder)) bytes += entry.file_size();
  return bytes;
}

/// Of codes, too, there are zeros where nothing is: there is nothing to be found.
search::Gallery::Vectors with_zeros(search::Gallery::Vectors vectors, std::size_t dimension) {
  for (std::size_t place = 0; place < vectors.taken.size(); ++place) {
    if (vectors.taken[place]) continue;
    std::fill_n(vectors.values.begin() + static_cast<std::ptrdiff_t>(place * dimension), dimension, 0.0F);
  }
  return vectors;
}

/// A client and a server that share nothing but bytes.
class Encrypted {
 public:
  Encrypted(VectorNetwork& network, const search::EncryptedGalleryFolder& folder, const EncryptedFolders& folders,
            ThreadPool& pool)
      : network_(network),
        pool_(pool),
        owner_(owner_of(folders.secret, folder.head()->plan(), folders.passphrase)),
        table_(search::load_table(folder, pool)) {
    if (owner_->key().id() != folder.head()->key) {
      throw MismatchError(folder.path().string() + " was encrypted under another key than that of " +
                          folders.secret.string());
    }
    const auto keys = ckks::write_evaluation_keys(*owner_->context(), owner_->evaluation_keys(&pool_));
    const auto read = ckks::read_evaluation_keys(keys, "the owner's keys");
    evaluator_ = std::make_unique<ckks::Evaluator>(
        table_.context(), std::make_shared<ckks::EvaluationKeys>(*table_.context(), read.keys, &pool_));
    key_bytes_ = keys.size();
  }

  std::size_t key_bytes() const { return key_bytes_; }
  /// As of galleries in the clear (gallery_scores.cpp).
  double bound() const {
    return table_.plan().kind == search::VectorKind::code ? 0 : 50 * search::score_error(table_.plan());
  }

  QueryDistances ask(std::span<const float> picture, search::Distance distance) {
    QueryDistances out;
    Stopwatch watch;
    const std::array pictures = {std::vector<float>(picture.begin(), picture.end())};
    const auto vector = network_.of(pictures).front();
    out.sent = ckks::write_seeded_ciphertexts(*owner_->context(), owner_->encrypt(vector));
    out.client_seconds += watch.lap();
    const auto reply = answer(out.sent);
    out.server_seconds += watch.lap();
    const auto& plan = table_.plan();
    out.distances =
        owner_->read(ckks::read_compact_ciphertexts(*owner_->context(), reply, "the answer"), table_.rows());
    for (float& d : out.distances) d = distance_of_score(d, distance, plan.kind, plan.dimension);
    out.client_seconds += watch.lap();
    out.query_bytes = out.sent.size(), out.reply_bytes = reply.size();
    return out;
  }

 private:
  ckks::Bytes answer(const ckks::Bytes& query) const {
    const ckks::Context& context = *table_.context();
    const auto read = ckks::read_seeded_ciphertexts(context, query, "the query");
    return ckks::write_compact_ciphertexts(context, table_.scores(read, *evaluator_, pool_));
  }

  VectorNetwork& network_;
  ThreadPool& pool_;
  std::unique_ptr<search::EncryptedGalleryOwner> owner_;
  search::EncryptedScoreTable table_;
  std::unique_ptr<ckks::Evaluator> evaluator_;
  std::size_t key_bytes_ = 0;
};

}  // namespace

EncryptedGallery encrypt_gallery(const fs::path& folder, const fs::path& secret, const fs::path& out,
                                 const ckks::Sealing& sealing, std::size_t threads) {
  const Stopwatch watch;
  auto gallery = search::Gallery::open(folder);
  const auto& form = gallery.form();
  EncryptedGallery made;
  made.state = gallery.state();
  if (made.state.images == 0) throw UsageError(folder.string() + " is an empty gallery: index pictures first");
  const auto plan = search::plan_encrypted_scores(form.kind, form.dimension);
  search::EncryptedGalleryFolder encrypted(out);
  const auto before = encrypted.head();
  const bool fresh = !before && !fs::exists(secret / kGalleryKeyFile);
  const auto owner = fresh ? new_owner(secret, plan, sealing) : owner_of(secret, plan, sealing.passphrase);
  made.blocks = plan.blocks(made.state.places);
  if (before && before->version == made.state.version && before->id == made.state.id &&
      before->key == owner->key().id()) {
    made.bytes = bytes_in(out), made.seconds = watch.seconds();
    return made;
  }
  search::EncryptedUpdate update{made.state.id, made.state.version, {}, before ? &*before : nullptr};
  if (before) update.changed = gallery.changed_blocks(before->version, plan.block_rows());
  const auto vectors = with_zeros(gallery.vectors(), form.dimension);
  const auto sink = [&](const ckks::Bytes& file) {
    encrypted.put_block(file);
    ++made.encrypted;
  };
  ThreadPool pool(threads);
  const auto next = search::encrypt_gallery(*owner, {vectors.values, form.dimension}, update, sink, pool);
  encrypted.commit(next);
  made.bytes = bytes_in(out), made.seconds = watch.seconds();
  return made;
}

ScoreSource encrypted_source(VectorNetwork& network, const search::GalleryForm& form, const search::GalleryState& state,
                             const EncryptedFolders& folders, ThreadPool& pool) {
  const Stopwatch watch;
  const fs::path& encrypted = folders.encrypted;
  if (!fs::is_directory(encrypted)) throw UsageError(encrypted.string() + " is no folder of an encrypted gallery");
  const search::EncryptedGalleryFolder folder(encrypted);
  if (!folder.head()) throw UsageError(encrypted.string() + " holds no encrypted gallery: index --encrypt makes one");
  const auto& head = *folder.head();
  if (head.id != state.id || head.version != state.version) {
    throw MismatchError(
        fmt::format("{} is version {} of gallery {}..., and the gallery here is version {} of {}...: "
                    "encrypt it again (index --encrypt)",
                    encrypted.string(), head.version, head.id.substr(0, 8), state.version, state.id.substr(0, 8)));
  }
  const auto both = std::make_shared<Encrypted>(network, folder, folders, pool);
  ScoreSource source;
  source.ask = [both, distance = own_distance(form.kind)](std::span<const float> picture) {
    return both->ask(picture, distance);
  };
  source.key_bytes = both->key_bytes();
  source.bound = both->bound();
  source.prepare_seconds = watch.seconds();
  return source;
}

}  // namespace obscura::study
